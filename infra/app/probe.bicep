// Asks from outside whether the app is well, and tells people if it is not: the only alarm that does
// not rest on what the app writes.

@description('Required. How the names begin.')
param name string

@description('Required. The region.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

@description('Required. The Application Insights component.')
param insightsName string

@description('Required. The app\'s address.')
param url string

@description('Required. The action group of who is told.')
param peopleId string

var hidden = { 'hidden-link:${insights.id}': 'Resource' }

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource probe 'Microsoft.Insights/webtests@2022-06-15' = {
  name: '${name}-probe'
  location: location
  tags: union(tags, hidden)
  kind: 'standard'
  properties: {
    SyntheticMonitorId: '${name}-probe'
    Name: '${name}-probe'
    Description: 'Asks whether the app is well: 200, else 503.'
    Enabled: true
    Frequency: 900
    Timeout: 60
    Kind: 'standard'
    RetryEnabled: true
    // Fewer places than Azure recommends (five): each asks four times an hour, and wakes the app.
    Locations: [{ Id: 'emea-nl-ams-azr' }, { Id: 'us-va-ash-azr' }]
    Request: { RequestUrl: '${url}/api/probe', HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

resource unwell 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${name}-unwell'
  location: 'global'
  tags: union(tags, hidden)
  properties: {
    description: 'The app does not answer, or says that it is not well: see docs/deploy.md, Alerts.'
    severity: 1
    enabled: true
    scopes: [probe.id, insights.id]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: probe.id
      componentId: insights.id
      failedLocationCount: 2
    }
    actions: [{ actionGroupId: peopleId }]
  }
}
