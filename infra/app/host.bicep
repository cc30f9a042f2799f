// What runs the app: a function app on Flex Consumption, as the identity that roles.bicep made.
//
// FTP: this plan has none, and its validation refuses `ftpsState`; signing in to publish with a
// password is off for both ways that exist. FUNCTIONS_WORKER_RUNTIME and kin are refused too: the
// runtime stands in functionAppConfig.

@description('Required. The function app\'s name, which becomes its host name.')
param name string

@description('Required. The plan\'s name; Flex Consumption takes one app a plan.')
param planName string

@description('Required. The region.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

@description('Required. The identity that the app runs as.')
param identityName string

@description('Required. The storage account.')
param storageName string

@description('Required. The container that the app\'s package is deployed to.')
param packageContainerName string

@description('Required. The Application Insights component.')
param insightsName string

@description('Required. Memory of an instance in MB.')
param instanceMemoryMB int

@description('Required. The partner tenant.')
param tenantId string

@description('Required. The mailbox that the report is sent from, or empty.')
param reportSender string

@description('Required. Who gets the report, separated by ; - or empty.')
param reportRecipients string

@description('Required. Days that personal data is kept.')
param detailRetentionDays int

@description('Required. Further settings, by name.')
param settings {
  @minLength(1)
  *: string
}

@description('Required. Names of settings whose values are in the vault.')
param secretSettings string[]

@description('Required. The vault; it exists only if there are such settings.')
param vaultName string

@description('Required. Name of a file of accepted exceptions in the package, or empty.')
param exceptionsFile string

@description('Required. Whether scripts may come with a function key.')
param allowScriptKeys bool

@description('Required. Whether anybody may reach the site at all; authentication comes on top.')
param isOpen bool

@description('Required. Whether the app reaches storage and vault over a private network.')
param isPrivate bool

@description('Required. That network; it exists only if it is to be used.')
param networkName string

var clouds = { AzureCloud: 'global', AzureUSGovernment: 'usgov', AzureChinaCloud: 'china' }
var cloud = clouds[environment().name]

// How many requests an instance takes: the plan's own default for Python is one, whatever its size.
var requests = 16

// Each of them has a thread, whatever the queues do: six functions, each with as many messages as
// host.json lets it have (batchSize 8, newBatchThreshold 4). Threads that nobody needs never start.
var threads = 88

// As network.bicep names it.
var subnetId = resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, 'app')

// What an owner may set otherwise. The host resolves the schedules itself, so they have to be here.
var changeableSettings = union(cloud == 'global' ? {} : { CLOUD: cloud }, {
  MAILER: 'graph'
  PULL_SCHEDULE: '0 15 2 * * *'
  REPORT_SCHEDULE: '0 15 4 * * *'
  MAIL_SCHEDULE: '0 15 5 * * *'
})

// What is there only if it is asked for. A closed site stays closed, whatever is asked for.
var askedSettings = union(
  empty(exceptionsFile) ? {} : { EXCEPTIONS_FILE: '/home/site/wwwroot/${exceptionsFile}' },
  allowScriptKeys && isOpen ? { SCRIPT_KEYS: 'true' } : {},
  empty(reportSender) ? {} : { REPORT_SENDER: reportSender },
  empty(reportRecipients) ? {} : { REPORT_RECIPIENTS: reportRecipients },
  isPrivate ? { REPORT_LINKS: 'false' } : {} // links lead to a store that nobody outside can reach
)

// Where a secret is, never the secret: the platform looks it up as the app's identity. Names in a
// vault know no underscore.
var secretReferences = toObject(
  secretSettings,
  setting => setting,
  setting => '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${replace(setting, '_', '-')})'
)

// What follows from the rest of this template.
var fixedSettings = {
  TENANT_ID: tenantId
  AZURE_CLIENT_ID: identity.properties.clientId
  STORAGE_ACCOUNT_NAME: storage.name
  DETAIL_RETENTION_DAYS: string(detailRetentionDays)
  PUBLIC_URL: 'https://${site.properties.defaultHostName}'
}

// The platform's own.
var platformSettings = {
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__clientId: identity.properties.clientId
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '65536' // bytes; nothing here takes a body
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identity.properties.clientId
  PYTHON_THREADPOOL_THREAD_COUNT: string(threads)
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenantId
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true } // Linux
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identity.id
    publicNetworkAccess: 'Enabled' // Disabled would shut out deployments as well
    // All that the app sends leaves by this subnet: the plan has no switch for less, and refuses
    // vnetRouteAllEnabled.
    virtualNetworkSubnetId: isPrivate ? subnetId : null
    functionAppConfig: {
      runtime: { name: 'python', version: '3.14' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: 40 // the lowest that every version of the plan takes
        alwaysReady: []
        triggers: { http: { perInstanceConcurrency: requests } }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: isOpen ? 'Allow' : 'Deny'
      ipSecurityRestrictions: isOpen
        ? []
        : [
            { name: 'nobody', priority: 100, action: 'Deny', ipAddress: '0.0.0.0/0' }
            { name: 'nobody-by-IPv6', priority: 101, action: 'Deny', ipAddress: '::/0' }
          ]
      scmIpSecurityRestrictionsUseMain: false // deployments, which Entra and Azure's roles guard
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: union(changeableSettings, settings, askedSettings, secretReferences, fixedSettings, platformSettings)
}

// No passwords for publishing. One after the other: the service takes one change of a site at a time.
// It wants a location that the published type does not have.
resource ftpPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'ftp'
  #disable-next-line BCP187
  location: location
  properties: { allow: false }
  dependsOn: [appSettings]
}

resource scmPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'scm'
  #disable-next-line BCP187
  location: location
  properties: { allow: false }
  dependsOn: [ftpPublishing]
}

@description('The function app.')
output name string = site.name

@description('Its address, without a slash at the end.')
output url string = 'https://${site.properties.defaultHostName}'
