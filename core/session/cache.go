package session

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
)

// Cache is what the sessions of a process share while its configuration stays the same: the JumpServer client, waiting
// cards, and what was learnt about the clouds. It is safe for concurrent use.
type Cache struct {
	client      *jumpserver.Client
	outbox      *delivery.Outbox
	window      time.Duration // of the outbox
	owners      *cloud.OwnerCache
	roles       *cloud.RoleCache
	quarantines *cloud.MemoryQuarantineStore // used without a state store; nil = no quarantine
	conditions  *delivery.ProcessMemory      // what people were notified of; nil = the state store alone remembers it
	metrics     *metricsMemory               // used without a state store
	backlog     *delivery.ProcessBacklog     // of single channels; nil = the state store alone keeps it
	// stalenessCheckedAt is when an event last checked that complete runs happen, in Unix seconds.
	stalenessCheckedAt *atomic.Int64
}

// NewCache returns the cache of a process for a configuration. It takes over from the previous cache (nil = none) what
// does not depend on the configuration: assumed roles, quarantines, what people know, and waiting cards unless the window has changed.
func NewCache(cfg config.Config, log *slog.Logger, previous *Cache) (*Cache, error) {
	client, err := NewClient(cfg, log)
	if err != nil {
		return nil, err
	}
	c := &Cache{client: client, owners: cloud.NewOwnerCache()}
	if previous == nil {
		c.roles, c.quarantines, c.stalenessCheckedAt = cloud.NewRoleCache(), cloud.NewMemoryQuarantineStore(), new(atomic.Int64)
		c.conditions, c.backlog, c.metrics = new(delivery.ProcessMemory), new(delivery.ProcessBacklog), new(metricsMemory)
	} else {
		c.roles, c.quarantines, c.stalenessCheckedAt = previous.roles, previous.quarantines, previous.stalenessCheckedAt
		c.conditions, c.backlog, c.metrics = previous.conditions, previous.backlog, previous.metrics
	}
	c.window = cfg.Notification.Window
	c.outbox = delivery.NewOutbox(c.window)
	if previous != nil && previous.window == c.window {
		c.outbox = previous.outbox
	}
	return c, nil
}

// SharesCards reports whether both caches hold the same waiting cards.
func (c *Cache) SharesCards(other *Cache) bool { return c.outbox == other.outbox }

// newOwnCache returns the cache of a session that shares nothing: its cards and quarantines are kept in the state store
// only. needs is what its runs read of JumpServer.
func newOwnCache(cfg config.Config, needs inventory.Needs, log *slog.Logger) (*Cache, error) {
	client, err := newClient(cfg, needs, log)
	if err != nil {
		return nil, err
	}
	return &Cache{
		client: client, outbox: delivery.NewOutbox(0), owners: cloud.NewOwnerCache(), roles: cloud.NewRoleCache(),
		stalenessCheckedAt: new(atomic.Int64), metrics: new(metricsMemory),
	}, nil
}
