// All that the app may do in Azure, but for reading its vault, where it has one (vault.bicep). What
// it may read in Graph is granted by infra/grant_graph_roles.py, because that is an Entra
// administrator's decision, not a deployer's.

@description('Required. Object id of the app\'s identity.')
param principalId string

@description('Required. The storage account that it reads and writes.')
param storageName string

@description('Required. The Application Insights component that it writes to.')
param insightsName string

// Built-in roles, by the ids that they have in every tenant.
// Contributor: the host's containers, blobs and leases, ours, and the key that signs links. Owner, which
// Microsoft's page on host storage names, could also delete for good the versions that protect all this.
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource storage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [storageBlobDataContributor, storageQueueDataContributor, storageTableDataContributor]: {
    name: guid(storage.id, principalId, role)
    scope: storage
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}
