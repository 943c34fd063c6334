package plan

import "github.com/jms-sync/jms-sync/core/inventory"

// instanceKey identifies an instance whatever its account and region are. Ids of several kinds of instances are told
// apart: they come from APIs that know nothing of each other.
type instanceKey struct {
	cloud    inventory.Cloud
	kind, id string
}

func newInstanceKey(i *inventory.Instance) instanceKey {
	return instanceKey{i.Cloud, inventory.KindOfRegion(i.Region), i.ID}
}

func (m ownership) instanceKey() instanceKey {
	return instanceKey{m.cloud, inventory.KindOfRegion(m.region), m.instanceID}
}
