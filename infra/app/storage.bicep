// What is kept: queues, tables and blobs of the app, the host's own state, and the app's package.
//
// Keys are off: whoever reads or writes here has an identity and a role. Blobs with personal data go
// when DETAIL_RETENTION_DAYS are over, whether or not the app runs; a deleted or overwritten blob can
// be had back for a week. So personal data is gone for good after those days, one more week, and the
// day or two that a lifecycle rule takes.

@description('Required. The account\'s name: 3 to 24 small letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. The region.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

@description('Required. How it is replicated.')
param sku string

@description('Required. Days that personal data is kept.')
param detailRetentionDays int

@description('Required. Whether only private endpoints lead here.')
param isPrivate bool

var packageContainerName = 'app-package'
var undeleteDays = 7

// As shared/stores names them; the app would make them itself when it first writes.
var personalContainers = ['rollups', 'parts', 'reports']
var personalPrefixes = [for container in personalContainers: '${container}/']
var tableNames = [
  'tenants'
  'ledger'
  'publications'
  'deliveries'
  'runs'
  'claims'
  'metrics'
  'days'
  'applications'
  'customers'
]

// As function_app.py names them: the triggers listen from the first second on.
var queueNames = [
  'slices'
  'slices-poison'
  'reports'
  'reports-poison'
  'deliveries'
  'deliveries-poison'
]

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    allowedCopyScope: 'AAD'
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      // The plan has no addresses of its own without a private network: the identity is the fence.
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: isPrivate ? 'None' : 'AzureServices'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: undeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: undeleteDays }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-06-01' = [
  for container in concat(personalContainers, [packageContainerName]): {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2026-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-06-01' = [
  for queue in queueNames: {
    parent: queueService
    name: queue
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2026-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2026-06-01' = [
  for table in tableNames: {
    parent: tableService
    name: table
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-06-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobs]
  properties: {
    policy: {
      rules: [
        {
          name: 'purge-personal-data'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: personalPrefixes
            }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: detailRetentionDays } }
              version: { delete: { daysAfterCreationGreaterThan: detailRetentionDays } }
            }
          }
        }
        {
          // The host writes its state over and over; nobody will ever want an old version of it.
          name: 'forget-old-versions'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['azure-webjobs-hosts/', 'azure-webjobs-secrets/', '${packageContainerName}/']
            }
            actions: {
              version: { delete: { daysAfterCreationGreaterThan: undeleteDays } }
            }
          }
        }
      ]
    }
  }
}

@description('The account.')
output name string = account.name

@description('The container that the app\'s package is deployed to.')
output packageContainerName string = packageContainerName
