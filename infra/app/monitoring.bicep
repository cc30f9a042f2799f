// What the app tells of itself: Application Insights over a Log Analytics workspace, written to by
// identity only, kept thirty days (which is free of charge), with a daily cap.

@description('Required. The workspace\'s name.')
param workspaceName string

@description('Required. The Application Insights component\'s name.')
param insightsName string

@description('Required. The region.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

@description('Required. Most telemetry to be paid for in a day, in GB; decimals as text.')
param dailyCapGb string

// A decimal comma would otherwise be read as the end of the number: 0,2 as 0.
var strayCharacters = filter(
  range(0, length(dailyCapGb)),
  index => !contains('0123456789.', substring(dailyCapGb, index, 1))
)

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    workspaceCapping: {
      dailyQuotaGb: empty(strayCharacters)
        ? json(dailyCapGb)
        : fail('invalid dailyCapGb \'${dailyCapGb}\'; expected a number such as 0.2')
    }
    features: { enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableIpMasking: false
    DisableLocalAuth: true
    WorkspaceResourceId: workspace.id
  }
}

// How the app is doing, over weeks: days, slices, troubles, seconds. It costs nothing.
resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'MFA status: how the app is doing'
    category: 'workbook'
    sourceId: insights.id
    serializedData: loadTextContent('workbook.json')
  }
}

@description('The component.')
output name string = insights.name
