// Everything this app needs, in a resource group of its own.
//
// Subscription-scoped, so that one command leads from an empty subscription to a running app and one
// removes it again: the group is part of what is deployed. Who deploys needs Contributor and Role
// Based Access Control Administrator on the subscription.
//
// Plain resources, not registry modules: what is here can be read and tested without fetching
// anything. Everything is reached by identity. What costs more than it gives most owners (a private
// network), or has nothing to hold as a rule (a Key Vault), is made only where it is asked for.
targetScope = 'subscription'

@description('Required. The name of this deployment; resource names are made of it.')
@minLength(1)
@maxLength(40)
param environmentName string

// Regions with Flex Consumption, as Azure-Samples/functions-quickstart-python-http-azd lists them
// (infra/main.bicep, 2026); azd offers these and no others. Today's: az functionapp
// list-flexconsumption-locations. Add one that is missing, such as a region of another cloud.
@description('Required. The region; it must offer Flex Consumption with Python 3.14.')
@minLength(1)
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({ azd: { type: 'location' } })
param location string

@description('Optional. Client id of the app registration that people sign in with; without one the site refuses everybody.')
param authClientId string = ''

@description('Optional. Client ids of applications that may call with a token of their own, separated by ;')
param scriptClientIds string = ''

@description('Optional. The mailbox that the report is sent from.')
param reportSender string = ''

@description('Optional. Who gets the report by mail, separated by ; - without anybody nothing is mailed.')
param reportRecipients string = ''

@description('Optional. Days that personal data (rollups, report files) is kept; the app and the storage account both keep to it.')
@minValue(14)
@maxValue(365)
param detailRetentionDays int = 30

@description('Optional. Any other setting of docs/settings.md, by its name; no secret: those stand in secretSettings.')
param settings {
  @minLength(1)
  *: string
} = {}

@description('Optional. Names of settings whose values are secrets. With any, a Key Vault is made, and the settings refer to it.')
param secretSettings ('SMTP_PASSWORD' | 'TEAMS_WEBHOOK_URL' | 'MICROSOFT_PROVIDER_AUTHENTICATION_SECRET')[] = []

@description('Optional. Name of a file of accepted exceptions in the project\'s folder; it is deployed with the app.')
param exceptionsFile string = ''

// Switches are text: azd replaces a word that is not a Boolean by the default, without a message.
@description('Optional. `true`: scripts may get the newest report\'s files with a function key, in place of a token.')
@allowed(['', 'true', 'false'])
param allowScriptKeys string = ''

@description('Optional. `true`: storage and vault are reached over a private network only; it costs more than all the rest.')
@allowed(['', 'true', 'false'])
param privateNetwork string = ''

@description('Optional. Who is told by mail when the app stops, separated by ; - without anybody, nothing watches it from outside.')
param alertRecipients string = ''

@description('Optional. `false`: nobody may ask whether the app is well (/api/probe, one word) without signing in.')
@allowed(['', 'true', 'false'])
param healthProbe string = ''

@description('Optional. Memory of an instance in MB: 512, 2048 or 4096.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Optional. How the storage account is replicated.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS'])
param storageSku string = 'Standard_LRS'

@description('Optional. Most telemetry to be paid for in a day, in GB; decimals as text.')
param dailyCapGb string = '0.2'

// A managed identity reads its own tenant and no other: the subscription has to be the partner's.
var tenantId = tenant().tenantId
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var appName = 'func-mfa-${token}'
var networkName = 'vnet-mfa-${token}'
var vaultName = 'kv-mfa-${token}'
var hasVault = !empty(secretSettings)
var signInSetting = 'MICROSOFT_PROVIDER_AUTHENTICATION_SECRET' // the platform's own name for it
var hasScriptKeys = allowScriptKeys =~ 'true'
var isPrivate = privateNetwork =~ 'true'
var hasAlerts = !empty(trim(alertRecipients))
var hasProbe = !(healthProbe =~ 'false')
var clouds = { AzureCloud: 'global', AzureUSGovernment: 'usgov', AzureChinaCloud: 'china' }

// A variable that is blank counts as unset.
var clientId = trim(authClientId)
var fileName = trim(exceptionsFile)

// What .funcignore lets into the package; without its file, the app makes no report.
var isTopLevel = !contains(fileName, '/')
var isPackaged = isTopLevel && take(fileName, 10) == 'exceptions' && skip(fileName, length(fileName) - 5) == '.json'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module storage 'app/storage.bicep' = {
  scope: group
  params: {
    name: 'stmfa${token}'
    location: location
    tags: tags
    sku: storageSku
    detailRetentionDays: detailRetentionDays
    isPrivate: isPrivate
  }
}

module monitoring 'app/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-mfa-${token}'
    insightsName: 'appi-mfa-${token}'
    location: location
    tags: tags
    dailyCapGb: dailyCapGb
  }
}

module identity 'app/identity.bicep' = {
  scope: group
  params: {
    name: 'id-mfa-${token}'
    location: location
    tags: tags
  }
}

module roles 'app/roles.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    insightsName: monitoring.outputs.name
  }
}

module vault 'app/vault.bicep' = if (hasVault) {
  scope: group
  params: {
    name: vaultName
    location: location
    tags: tags
    tenantId: tenantId
    principalId: identity.outputs.principalId
    isPrivate: isPrivate
  }
}

module network 'app/network.bicep' = if (isPrivate) {
  scope: group
  dependsOn: [vault] // there is nothing to lead to before
  params: {
    name: networkName
    location: location
    tags: tags
    storageName: storage.outputs.name
    vaultName: vaultName
    hasVault: hasVault
  }
}

module host 'app/host.bicep' = {
  scope: group
  // The host reads its storage and its secrets as soon as it is there. What is not made is not
  // waited for.
  dependsOn: [roles, vault, network]
  params: {
    name: appName
    planName: 'plan-mfa-${token}'
    location: location
    tags: tags
    identityName: identity.outputs.name
    storageName: storage.outputs.name
    packageContainerName: storage.outputs.packageContainerName
    insightsName: monitoring.outputs.name
    instanceMemoryMB: instanceMemoryMB
    tenantId: tenantId
    reportSender: trim(reportSender)
    reportRecipients: trim(reportRecipients)
    detailRetentionDays: detailRetentionDays
    settings: settings
    secretSettings: secretSettings
    vaultName: vaultName
    exceptionsFile: empty(fileName) || isPackaged
      ? fileName
      : fail('invalid exceptionsFile \'${fileName}\'; expected a name such as exceptions.json')
    allowScriptKeys: hasScriptKeys
    isOpen: !empty(clientId)
    isPrivate: isPrivate
    networkName: networkName
  }
}

module authentication 'app/authentication.bicep' = {
  scope: group
  params: {
    siteName: host.outputs.name
    tenantId: tenantId
    clientId: clientId
    credentialSetting: contains(secretSettings, signInSetting) ? signInSetting : ''
    scriptClientIds: scriptClientIds
    allowScriptKeys: hasScriptKeys
    allowProbe: hasProbe
  }
}

module alerts 'app/alerts.bicep' = if (hasAlerts) {
  scope: group
  params: {
    name: 'alert-mfa-${token}'
    location: location
    tags: tags
    insightsName: monitoring.outputs.name
    recipients: alertRecipients
  }
}

module probe 'app/probe.bicep' = if (hasAlerts && hasProbe && !empty(clientId)) {
  scope: group
  params: {
    name: 'alert-mfa-${token}'
    location: location
    tags: tags
    insightsName: monitoring.outputs.name
    url: host.outputs.url
    peopleId: hasAlerts ? alerts!.outputs.peopleId : ''
  }
}

@description('The function app, as azd and the Azure CLI name it.')
output AZURE_FUNCTION_NAME string = host.outputs.name

@description('Where the report is, once somebody may sign in.')
output REPORT_URL string = '${host.outputs.url}/api/report'

@description('Where Entra sends people back to: the redirect URI of the app registration.')
output AUTH_REDIRECT_URI string = '${host.outputs.url}/.auth/login/aad/callback'

@description('Object id of the app\'s identity: Graph permissions are granted to it.')
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('Client id of the same identity: Exchange asks for both.')
output IDENTITY_CLIENT_ID string = identity.outputs.clientId

@description('The storage account that everything is kept in.')
output STORAGE_ACCOUNT_NAME string = storage.outputs.name

@description('The Key Vault that secrets are put into; empty where none is needed.')
output KEY_VAULT_NAME string = hasVault ? vaultName : ''

@description('The resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The tenant that the app reads.')
output AZURE_TENANT_ID string = tenantId

@description('The cloud that it is in, as the setting CLOUD calls it.')
output GRAPH_CLOUD string = clouds[environment().name]
