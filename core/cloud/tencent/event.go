package tencent

import "github.com/jms-sync/jms-sync/core/inventory"

// eventForms returns what Tencent Cloud's services send. None of it is read: what changes there is found by the timer
// (https://cloud.tencent.com/document/product/1359/58293, https://cloud.tencent.com/document/product/629/33432).
func eventForms() []inventory.EventForm {
	return []inventory.EventForm{
		{Key: "source", Holds: ".tencent\"", Name: "an event of Tencent Cloud's EventBridge"},
		{Key: "source", Holds: ".tencent.com\"", Name: "an event of Tencent Cloud's EventBridge"},
		{Key: "actionName", Name: "a record of Tencent Cloud's CloudAudit"},
	}
}
