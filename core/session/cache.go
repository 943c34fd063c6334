package session

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/jumpserver"
)

// Cache is what the sessions of a process share while its configuration stays the same: the JumpServer client, cards
// that wait, and what was learnt of the clouds. It may be used by several sessions at once.
type Cache struct {
	client      *jumpserver.Client
	outbox      *delivery.Outbox
	window      time.Duration // of the outbox
	owners      *cloud.OwnerCache
	roles       *cloud.RoleCache
	quarantines *cloud.MemoryQuarantineStore // where there is no state store; nil = then there is no quarantine
	// stalenessCheckedAt is when an event last checked whether complete runs are made, in Unix seconds.
	stalenessCheckedAt *atomic.Int64
}

// NewCache makes the cache of a process for a configuration. From the cache of the configuration before, nil = none, it
// takes what is not the configuration's: assumed roles, quarantines, and waiting cards unless the window is another now.
func NewCache(cfg config.Config, log *slog.Logger, before *Cache) (*Cache, error) {
	client, err := NewClient(cfg, log)
	if err != nil {
		return nil, err
	}
	c := &Cache{client: client, owners: cloud.NewOwnerCache()}
	if before == nil {
		c.roles, c.quarantines, c.stalenessCheckedAt = cloud.NewRoleCache(), cloud.NewMemoryQuarantineStore(), new(atomic.Int64)
	} else {
		c.roles, c.quarantines, c.stalenessCheckedAt = before.roles, before.quarantines, before.stalenessCheckedAt
	}
	c.window = cfg.Notification.Window
	c.outbox = delivery.NewOutbox(c.window)
	if before != nil && before.window == c.window {
		c.outbox = before.outbox
	}
	return c, nil
}

// SharesCards reports whether cards that wait in another cache wait in this one too.
func (c *Cache) SharesCards(other *Cache) bool { return c.outbox == other.outbox }

// newOwnCache makes the cache of a session that is alone: its cards wait only in the state store, and so do quarantines.
func newOwnCache(cfg config.Config, log *slog.Logger) (*Cache, error) {
	client, err := NewClient(cfg, log)
	if err != nil {
		return nil, err
	}
	return &Cache{
		client: client, outbox: delivery.NewOutbox(0), owners: cloud.NewOwnerCache(), roles: cloud.NewRoleCache(),
		stalenessCheckedAt: new(atomic.Int64),
	}, nil
}
