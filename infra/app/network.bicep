// A way to storage and vault that no public address is on. For owners whose rules ask for one: by
// far the dearest part (docs/deploy.md says what it costs and what it does not cover).
//
// A network with two subnets, one for the app's traffic, one with a private endpoint for each
// service; and private DNS zones, so that the services' own names lead to those endpoints.

@description('Required. The network\'s name.')
param name string

@description('Required. The region, which has to be the app\'s.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

@description('Required. The storage account.')
param storageName string

@description('Required. The vault; it exists only if there is one to lead to.')
param vaultName string

@description('Required. Whether there is a vault.')
param hasVault bool

// Each endpoint: the part of a service that it leads to, and the zone of that part's names, which
// every cloud ends in its own way. A vault's names have a zone that is not called as they are.
var storageDoors = [
  for service in ['blob', 'queue', 'table']: {
    service: service
    target: storage.id
    zone: 'privatelink.${service}.${environment().suffixes.storage}'
  }
]
var vaultDoor = {
  service: 'vault'
  target: resourceId('Microsoft.KeyVault/vaults', vaultName)
  zone: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
}
var doors = concat(storageDoors, hasVault ? [vaultDoor] : [])

resource storage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: storageName
}

// Addresses of its own, which nothing else is to be joined to. The plan wants at least a /27 for
// itself, delegated as here, and a subnet's name without underscores.
resource network 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/23'] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.0.0.0/24'
          delegations: [
            {
              name: 'flex-consumption'
              properties: { serviceName: 'Microsoft.App/environments' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.0.1.0/26'
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for door in doors: {
    name: door.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (door, index) in doors: {
    parent: zones[index]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

@batchSize(1) // each writes to the same subnet and the same account
resource endpoints 'Microsoft.Network/privateEndpoints@2026-03-01' = [
  for door in doors: {
    name: '${name}-${door.service}'
    location: location
    tags: tags
    properties: {
      subnet: { id: '${network.id}/subnets/endpoints' }
      privateLinkServiceConnections: [
        {
          name: door.service
          properties: {
            privateLinkServiceId: door.target
            groupIds: [door.service]
          }
        }
      ]
    }
  }
]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-03-01' = [
  for (door, index) in doors: {
    parent: endpoints[index]
    name: 'default'
    dependsOn: [links] // the names lead nowhere before
    properties: {
      privateDnsZoneConfigs: [
        {
          name: door.service
          properties: { privateDnsZoneId: zones[index].id }
        }
      ]
    }
  }
]
