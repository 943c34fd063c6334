package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/storage"
)

// OpenAsset is an asset that is active although no listing has its instance, and why it is not removed.
type OpenAsset struct {
	ID         string          `json:"asset"`
	Name       string          `json:"name"`
	Address    string          `json:"address"`
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	InstanceID string          `json:"instance"`
	Action     string          `json:"action"`
	Code       string          `json:"code"`
	Reason     string          `json:"reason"`
}

// OpenList is what the last full run of a shard left open.
type OpenList struct {
	ShardKey string      `json:"slice"`
	At       time.Time   `json:"at"`
	Total    int         `json:"total"` // more than Assets if there were too many for one object
	Assets   []OpenAsset `json:"assets"`
	Nonce    string      `json:"nonce"`
}

// maxOpenAssets is how many assets one list names at most.
const maxOpenAssets = 1000

// openListLife is how much older than the newest a list may be. What is older belongs to a shard that is no more.
const openListLife = 48 * time.Hour

// SaveOpen saves what a full run of a shard left open. Only one run of a shard may call it at a time.
func (s *Store) SaveOpen(ctx context.Context, shardKey string, assets []OpenAsset, at time.Time) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	key := s.prefix + "open/" + safeKeyPart(shardKey) + ".json"
	if len(assets) == 0 {
		_, err := s.bucket.Get(ctx, key, "")
		if inventory.KindOf(err) == inventory.NotFound {
			return nil // as it was
		}
	}
	list := OpenList{ShardKey: shardKey, At: at.UTC(), Total: len(assets), Assets: assets[:min(len(assets), maxOpenAssets)], Nonce: s.nonce()}
	_, err := s.saveObject(ctx, key, reportMaxBytes, list, storage.Always())
	return wrapError("note what stays open", err)
}

// ListOpen returns what the last full run of each shard left open, the newest list first. An asset that several
// lists name is in the newest of them. What cannot be read is left out and named by the error.
func (s *Store) ListOpen(ctx context.Context) ([]OpenList, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"open/")
	if err != nil {
		return nil, wrapError("list what stays open", err)
	}
	all, errs := loadAll[OpenList](ctx, s, keys, reportMaxBytes)
	sorting.By(all, func(x, y OpenList) int {
		if c := y.At.Compare(x.At); c != 0 {
			return c
		}
		return strings.Compare(x.ShardKey, y.ShardKey)
	})
	seen := map[string]bool{}
	for n := range all {
		all[n].Assets = slices.DeleteFunc(all[n].Assets, func(a OpenAsset) bool {
			known := seen[a.ID]
			seen[a.ID] = true
			if known {
				all[n].Total--
			}
			return known
		})
	}
	all = slices.DeleteFunc(all, func(l OpenList) bool { return l.At.IsZero() || all[0].At.Sub(l.At) > openListLife })
	return all, wrapError("read what stays open", errors.Join(errs...))
}
