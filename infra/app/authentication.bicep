// Who is let in: App Service authentication with Entra, in front of every path but one: whether the
// app is well, which it tells strangers in one word. Where the owner asked for script keys, exactly
// those files that the app serves by key are left out as well.
//
// It is always on. Without a client id there is no provider to sign in with, so whoever comes gets
// 401, and host.bicep refuses every address besides: two fences, because the figures name people.
//
// No client secret: the app registration trusts the app's own identity (a federated credential). Where
// that sign-in fails, a secret in the vault takes its place (docs/deploy.md).
// The issuer is Entra's v1 form on purpose: only v1 tokens say in `amr` whether there was MFA.
//
// App roles (infra/app-roles.json) come in the token's `roles`: Report.Read, Report.Run,
// Customers.Read. "Assignment required" on the enterprise application keeps everybody else out.

@description('Required. The function app.')
param siteName string

@description('Required. The tenant that people sign in to.')
param tenantId string

@description('Required. Client id of the app registration; empty refuses everybody.')
param clientId string

@description('Required. The setting that holds the registration\'s secret; empty: its federated credential is used.')
param credentialSetting string

@description('Required. Client ids of further applications that may call, separated by ; - or empty.')
param scriptClientIds string

@description('Required. Whether scripts may get files with a function key, which the host checks.')
param allowScriptKeys bool

@description('Required. Whether /api/probe answers a probe that has not signed in.')
param allowProbe bool

var hasProvider = !empty(clientId)
var scripts = filter(map(split(scriptClientIds, ';'), id => trim(id)), id => !empty(id))

// Whole paths, no wildcard: nothing else must ever slip through. The customers are not among them;
// they take a role, and a key has none.
var scriptPaths = [
  '/api/scripts/report.json'
  '/api/scripts/report.html'
  '/api/scripts/findings.html'
  '/api/scripts/report.xlsx'
  '/api/scripts/portal-requests-without-mfa.csv'
  '/api/scripts/portal-requests.csv'
  '/api/scripts/api-requests-summary.csv'
  '/api/scripts/all-api-requests.csv'
  '/api/scripts/accounts.csv'
  '/api/scripts/nonMfaCompliantPartnerPrincipals'
  '/api/scripts/applicationmfaadoptionstatus'
  '/api/scripts/partnerRequests'
]

var entra = {
  enabled: true
  registration: {
    clientId: clientId
    clientSecretSettingName: empty(credentialSetting) ? 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID' : credentialSetting
    openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/'
  }
  validation: {
    allowedAudiences: [clientId, 'api://${clientId}']
    defaultAuthorizationPolicy: {
      allowedApplications: union([clientId], scripts)
    }
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: siteName
}

resource authentication 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: hasProvider ? 'RedirectToLoginPage' : 'Return401'
      redirectToProvider: hasProvider ? 'azureactivedirectory' : null
      excludedPaths: hasProvider ? concat(allowProbe ? ['/api/probe'] : [], allowScriptKeys ? scriptPaths : []) : []
    }
    identityProviders: hasProvider ? { azureActiveDirectory: entra } : {}
    login: {
      tokenStore: { enabled: false } // nothing here calls anything in a visitor's name
      preserveUrlFragmentsForLogins: false
      cookieExpiration: { convention: 'FixedTime', timeToExpiration: '08:00:00' }
      nonce: { validateNonce: true, nonceExpirationInterval: '00:05:00' }
    }
    httpSettings: { requireHttps: true }
  }
}
