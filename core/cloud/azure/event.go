package azure

import "github.com/jms-sync/jms-sync/core/inventory"

// eventForms returns what Azure's services send. None of it is read: what changes there is found by the timer
// (https://learn.microsoft.com/azure/event-grid/event-schema, https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema).
func eventForms() []inventory.EventForm {
	return []inventory.EventForm{
		{Key: "eventType", Holds: `"Microsoft.`, Name: "an event of Azure Event Grid"},
		{Key: "type", Holds: `"Microsoft.`, Name: "an event of Azure Event Grid"},
		{Key: "schemaId", Holds: `"azureMonitor`, Name: "an alert of Azure Monitor"},
	}
}
