// Who the app is, in Azure as in Graph. User-assigned: it outlives the function app, so that a new app
// in its place needs no new grants. A file of its own, because the names of role assignments are made
// of its object id, which has to be known before they are.

@description('Required. The identity\'s name.')
param name string

@description('Required. The region.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('The identity.')
output name string = identity.name

@description('Its object id in Entra.')
output principalId string = identity.properties.principalId

@description('Its client id in Entra.')
output clientId string = identity.properties.clientId
