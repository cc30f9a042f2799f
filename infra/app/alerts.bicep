// Who is told when the app stops, and by what: nothing here runs in the app, so that it also speaks of
// an app that does not run.
//
// The rules read the app's own lines (shared/telemetry.py), not the platform's metrics: timers have
// stopped for good while the count of executions never fell to zero
// (https://github.com/Azure/azure-functions-host/issues/11812). The line "day complete" that does not
// come is an alarm whatever the reason: the app, its timers, its permissions, or the log itself, which
// ends at its daily cap.

@description('Required. How the rules\' names begin.')
param name string

@description('Required. The region of the rules.')
param location string

@description('Required. Tags of every resource.')
param tags { *: string }

@description('Required. The Application Insights component.')
param insightsName string

@description('Required. Who is told, separated by ;')
param recipients string

var addresses = filter(map(split(recipients, ';'), each => trim(each)), each => !empty(each))

// Hours after which a day that is not complete is an alarm: a day ends at midnight UTC, and is known
// between 02:15 and 05:15 as a rule.
var hours = 28

// A young app has no complete day yet.
var dayComplete = '''
let since = ago({0}h);
let isYoung = toscalar(traces | where timestamp > ago(2d) | summarize min(timestamp)) > since;
traces
| where timestamp > since
| where message startswith '{{"event":"day complete"' or isYoung
| take 1
'''

var lines = 'traces | where message startswith \'{"event":\' | extend line = parse_json(message) | extend event = tostring(line.event), state = tostring(line.state), day = tostring(line.day)'

var rules = [
  {
    name: 'given-up'
    title: 'A message was given up or set aside'
    words: 'The queue has given up on a slice, a report or a delivery, or nobody could use a message: see docs/deploy.md, Alerts.'
    query: '${lines} | where event startswith "abandon" or state == "set aside"'
  }
  {
    name: 'denied'
    title: 'The app was refused access'
    words: 'A licence, a consent or a role is missing: the ledger and the report name it.'
    query: '${lines} | where state == "denied"'
  }
  {
    name: 'not-sent'
    title: 'A mail or a card did not go out'
    words: 'What was to be delivered failed; the queue tries again, and the next mail says so.'
    query: '${lines} | where event == "deliver" and state == "failed"'
  }
]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-people'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'mfa-status'
    emailReceivers: [
      for (address, index) in addresses: {
        name: 'mail-${index + 1}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

resource noDay 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = {
  name: '${name}-no-day'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'No day was completed'
    description: 'For ${hours} hours the app has not said that a day is complete: see docs/deploy.md, Alerts.'
    severity: 1
    enabled: true
    scopes: [insights.id]
    evaluationFrequency: 'PT1H'
    windowSize: 'P2D' // the query itself looks back as far as it says
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: format(dayComplete, hours)
          timeAggregation: 'Count'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [people.id] }
  }
}

resource troubles 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.words
      severity: 2
      enabled: true
      scopes: [insights.id]
      evaluationFrequency: 'PT1H'
      windowSize: 'PT1H'
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

@description('Who is told.')
output peopleId string = people.id
