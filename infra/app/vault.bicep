// Where secrets are kept, if the app has any: the password of a mail server, say.
//
// Roles only, no access policies. Nothing here holds or takes a value: people put it in by
// themselves (docs/deploy.md), and the app's identity may read it, and nothing else.
//
// Purge protection: nobody, an owner included, can destroy a secret before its week is over. So
// `azd down --purge` leaves the deleted vault behind for a week, and its name is taken until then.

@description('Required. The vault\'s name: 3 to 24 letters, digits and hyphens.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. The region.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

@description('Required. The tenant whose identities may be given roles here.')
param tenantId string

@description('Required. Object id of the app\'s identity.')
param principalId string

@description('Required. Whether only a private endpoint leads here.')
param isPrivate bool

// A built-in role, by the id that it has in every tenant: reading values, not writing or deleting.
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

// The version that replaces all older ones, which Azure retires on 27 February 2027; a newer one adds
// nothing here.
#disable-next-line use-recent-api-versions
resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    accessPolicies: []
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    enablePurgeProtection: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'None'
      ipRules: [] // an address that somebody let in for a moment goes with the next deployment
      virtualNetworkRules: []
    }
  }
}

resource reading 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}
