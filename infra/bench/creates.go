package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/wait"
)

// The hosts that bench makes are known by these names and by their ids. A sync takes none of them for its own: they have
// no ownership labels, and no instance in their comment. Hosts that an earlier version left are known by the comment too.
const (
	benchName    = "jms-sync-bench"
	benchNode    = "/DEFAULT/" + benchName
	benchComment = "jms-sync bench made this host to measure, and deletes it"
	benchLabels  = 4 // as many as a new host of a sync has
)

// plainWriters returns the numbers of plain writers that a sync is compared with.
func plainWriters() []int { return []int{1, 2, 4, 8} }

// creator creates hosts on one JumpServer, by plain writers or as a sync does, and deletes them again.
type creator struct {
	client   *jumpserver.Client
	node     inventory.Node // under which they are made; measureOnce ensures it
	hosts    []inventory.NewAsset
	approved plan.Approved // as many creates; onlyCreates puts hosts in the place of their assets
}

func newCreator(client *jumpserver.Client, hosts int) *creator {
	c := &creator{client: client}
	listing := inventory.Listing{
		Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: benchName, Region: benchName}, Owner: benchName,
	}
	for n := range hosts {
		a := benchHost(n)
		c.hosts = append(c.hosts, a)
		listing.Instances = append(listing.Instances, inventory.Instance{
			Scope: listing.Scope, Owner: listing.Owner, ID: a.Name, Name: a.Name, OSType: "linux", PrivateIPs: []string{a.Address},
		})
	}
	known := inventory.JumpServerAssets{Platforms: map[string]inventory.Platform{"Linux": {}}}
	rules := plan.Rules{Accounts: map[string]plan.Account{benchName: {Type: benchName, Enabled: true, Cloud: inventory.Alibaba}}, Now: time.Now()}
	c.approved = plan.Build(plan.Input{Current: known, Listings: []inventory.Listing{listing}}, rules).Approve(plan.Limits{}, nil)
	return c
}

// benchHost returns host n. Its address is of a network for documentation (RFC 5737), which nobody has.
func benchHost(n int) inventory.NewAsset {
	a := inventory.NewAsset{
		Name: fmt.Sprintf("%s-%05d", benchName, n+1), Address: fmt.Sprintf("192.0.2.%d", n%254+1),
		Platform: "Linux", NodePaths: []string{benchNode}, Comment: benchComment,
	}
	a.ID = inventory.AssetID(benchName, benchName, a.Name)
	for l := range benchLabels {
		a.Labels = append(a.Labels, inventory.Label{Name: fmt.Sprintf("%s-%d", benchName, l+1), Value: "x"})
	}
	return a
}

// createPlainly creates all hosts by so many writers, each of which creates one after another.
func (c *creator) createPlainly(ctx context.Context, writers int) (time.Duration, error) {
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, writers)
	begun := time.Now()
	for w := range writers {
		group.Go(func() {
			for n := next.Add(1); errs[w] == nil && n <= int64(len(c.hosts)); n = next.Add(1) {
				_, errs[w] = c.client.Create(ctx, c.hostUnderNode(int(n-1)))
			}
		})
	}
	group.Wait()
	return time.Since(begun), errors.Join(errs...)
}

// createAsSync creates all hosts as a sync does.
func (c *creator) createAsSync(ctx context.Context) (time.Duration, error) {
	log := slog.New(slog.DiscardHandler)
	begun := time.Now()
	result := apply.Run(ctx, onlyCreates{c}, c.approved, apply.Options{Writers: config.Default().Sync.Writers, Now: time.Now, Log: log})
	took := time.Since(begun)
	for _, i := range result.Items {
		if i.State != apply.Done {
			return took, fmt.Errorf("bench: %s: %s %s %w", i.Change.Name, i.State, i.Reason.Text(language.English), i.Err)
		}
	}
	if n := len(result.Items); n != len(c.hosts) {
		return took, fmt.Errorf("bench: %d of %d hosts were to be made", n, len(c.hosts))
	}
	return took, nil
}

// onlyCreates is a JumpServer on which a sync creates the hosts of bench and nothing else.
type onlyCreates struct{ *creator }

var errOnlyCreates = errors.New("bench only creates")

// EnsureNode implements apply.Bastion.
func (o onlyCreates) EnsureNode(context.Context, string, string) (inventory.Node, error) {
	return o.node, nil
}

// MissingPlatforms implements apply.Bastion.
func (o onlyCreates) MissingPlatforms(ctx context.Context, platforms []string) ([]string, error) {
	return o.client.MissingPlatforms(ctx, platforms)
}

// Create implements apply.Bastion.
func (o onlyCreates) Create(ctx context.Context, a inventory.NewAsset) (existed bool, err error) {
	n := slices.IndexFunc(o.hosts, func(h inventory.NewAsset) bool { return h.Name == a.Name })
	if n < 0 {
		return false, errOnlyCreates
	}
	return o.client.Create(ctx, o.hostUnderNode(n))
}

// hostUnderNode returns host n with the id of its node.
func (c *creator) hostUnderNode(n int) inventory.NewAsset {
	a := c.hosts[n]
	a.NodeIDs = []string{c.node.ID}
	return a
}

// Update implements apply.Bastion.
func (onlyCreates) Update(_ context.Context, patches []inventory.Patch, _ func([]int) []int) []error {
	return slices.Repeat([]error{errOnlyCreates}, len(patches))
}

// UpdateBatchSize implements apply.Bastion.
func (onlyCreates) UpdateBatchSize(context.Context, bool) int { return 1 }

// RemoveBatchSize implements apply.Bastion.
func (onlyCreates) RemoveBatchSize(context.Context) int { return 1 }

// Remove implements apply.Bastion.
func (onlyCreates) Remove(_ context.Context, ids []string, _ func(inventory.Asset) bool) []error {
	return slices.Repeat([]error{errOnlyCreates}, len(ids))
}

// AttachAccounts implements apply.Bastion.
func (onlyCreates) AttachAccounts(_ context.Context, accounts []inventory.NewAccount) []error {
	return slices.Repeat([]error{errOnlyCreates}, len(accounts))
}

// ListTemplates implements apply.Bastion.
func (onlyCreates) ListTemplates(context.Context, ...string) ([]inventory.AccountTemplate, bool, error) {
	return nil, false, errOnlyCreates
}

// AssetsByID implements apply.Bastion.
func (onlyCreates) AssetsByID(context.Context, []string) ([]inventory.Asset, error) {
	return nil, errOnlyCreates
}

// deleteLeftovers deletes the hosts of bench, also those of an earlier bench that was interrupted. Where a busy server
// does not answer in time, it reads and deletes again.
func (c *creator) deleteLeftovers(ctx context.Context) error {
	const some, tries = 25, 5
	for hosts := range slices.Chunk(c.hosts, some) {
		for try := 1; ; try++ {
			err := c.deleteHosts(ctx, hosts)
			if err == nil {
				break
			}
			again := []inventory.Kind{inventory.Temporary, inventory.Incomplete, inventory.Unanswered}
			if try == tries || !slices.Contains(again, inventory.KindOf(err)) {
				return err
			}
		}
	}
	return nil
}

// deleteHosts deletes those of the hosts that exist. An asset with one of their ids but another name or comment is
// somebody's, and an error.
func (c *creator) deleteHosts(ctx context.Context, hosts []inventory.NewAsset) error {
	var ids, found []string
	for _, h := range hosts {
		ids = append(ids, h.ID)
	}
	assets, err := c.client.AssetsByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, a := range assets {
		if !strings.HasPrefix(a.Name, benchName+"-") || a.Comment != benchComment {
			return fmt.Errorf("bench: asset %s (%s) has an id of bench and is not its; nothing of it is deleted", a.Name, a.ID)
		}
		found = append(found, a.ID)
	}
	if len(found) == 0 {
		return nil
	}
	for _, err := range c.client.Remove(ctx, found, nil) {
		if err != nil {
			return err
		}
	}
	return nil
}

// measureOnce measures one way on an empty node: so many plain writers, or 0 = as a sync does. The hosts are deleted
// even where the context has ended.
func (c *creator) measureOnce(ctx context.Context, writers int) (took time.Duration, err error) {
	c.node, err = c.client.EnsureNode(ctx, benchNode, "")
	if err == nil {
		err = c.deleteLeftovers(ctx)
	}
	if err != nil {
		return 0, err
	}
	if writers == 0 {
		took, err = c.createAsSync(ctx)
	} else {
		took, err = c.createPlainly(ctx, writers)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
	defer cancel()
	if err != nil { // JumpServer still makes what was on its way when the writers stopped
		err = errors.Join(err, c.deleteLeftovers(last), wait.For(last, 2*time.Second))
	}
	return took, errors.Join(err, c.deleteLeftovers(last))
}

// createContest holds what each way took on one server, in milliseconds a host.
type createContest struct {
	plain [][]float64 // by plainWriters
	sync  []float64
}

func newCreateContest() *createContest {
	return &createContest{plain: make([][]float64, len(plainWriters()))}
}

func (c *createContest) add(way int, took time.Duration, hosts int) {
	each := took.Seconds() * 1000 / float64(hosts)
	if way == len(c.plain) {
		c.sync = append(c.sync, each)
		return
	}
	c.plain[way] = append(c.plain[way], each)
}

// allWriters returns the numbers of plain writers, and 0 for a sync.
func allWriters() []int { return append(plainWriters(), 0) }

// ratio returns the median of the sync divided by that of the best plain writers.
func (c *createContest) ratio() float64 {
	best := medianOf(c.plain[0])
	for _, p := range c.plain {
		best = min(best, medianOf(p))
	}
	return medianOf(c.sync) / best
}

func contestHead() []bilingual {
	return []bilingual{
		{"JumpServer", ""}, {"写入者", "writers"}, {"每台毫秒", "ms a host"}, {"是最快的固定写入者的几倍", "times of the best plain writers"},
	}
}

// addContest adds a row for each way.
func (f *figure) addContest(server bilingual, c *createContest) {
	for n, writers := range plainWriters() {
		f.addRow(server, bilingual{fmt.Sprintf("固定 %d 个", writers), fmt.Sprintf("%d, plain", writers)}, medianText("%.1f", c.plain[n]), sameText(""))
	}
	most := config.Default().Sync.Writers
	f.addRow(server, bilingual{fmt.Sprintf("jms-sync，最多 %d 个", most), fmt.Sprintf("jms-sync, up to %d", most)},
		medianText("%.1f", c.sync), sameText(fmt.Sprintf("%.2f", c.ratio())))
}
