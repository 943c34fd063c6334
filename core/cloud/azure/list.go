package azure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// maxParallelSets bounds how many scale sets are read at once. The reads of a subscription share a bucket of 250
// that refills by 25 a second: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
const maxParallelSets = 8

// List implements cloud.Lister. All regions that are listed at about the same time share one reading
// of the subscription, of which each gets its part once: listing a region again reads anew.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	const op = "list instances"
	if region == "" {
		return nil, l.newError(inventory.Invalid, op, "no region is named")
	}
	list, known, err := l.shared.readRecent(ctx, region, l.readSubscription)
	if err == nil && !known {
		err = l.newPartError(inventory.NotFound, "list locations", "the subscription has none of this name (they are written like eastus)")
	}
	if err != nil {
		return nil, l.nameError(op, region, err)
	}
	return list, nil
}

// subscriptionList is the result of reading a subscription: complete, and with the right to see all of it.
type subscriptionList struct {
	locations []location
	regions   map[string][]inventory.Instance // sorted by id
	doubled   map[string]error                // by region: two machines have one vmId, so that the region has no list
}

// hasRegion reports whether a region exists: it is a location, or has a machine.
func (r subscriptionList) hasRegion(region string) bool {
	return len(r.regions[region]) > 0 || slices.ContainsFunc(r.locations, func(l location) bool { return l.name == region })
}

// rawLists are the lists that a reading joins.
type rawLists struct {
	locations []location
	machines  []machine
	nics      []nic
	addresses []address
	inSets    []rawSetLists
}

// rawSetLists are the machines, interfaces and addresses of one scale set.
type rawSetLists struct {
	machines  []machine
	nics      []nic
	addresses []address
	isDeleted bool // the set does not exist any more
}

// readSubscription reads the whole subscription. It asks for the right to do so at the end, so that the answer
// holds for every page that was read before.
func (l *lister) readSubscription(ctx context.Context) (subscriptionList, error) {
	id, err := l.subscriptionID(ctx)
	if err != nil {
		return subscriptionList{}, err
	}
	got, err := l.readLists(ctx, id)
	if err != nil {
		return subscriptionList{}, err
	}
	if err := l.verifyPermissions(ctx, id); err != nil {
		return subscriptionList{}, err
	}
	return l.joinLists(got)
}

func (l *lister) readLists(ctx context.Context, id string) (got rawLists, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		got.locations, err = l.fetchLocations(ctx, id)
		return err
	})
	group.Go(func() (err error) {
		got.machines, err = readPages(ctx, l, "list virtual machines", machine.key, listOfSubscription(l.api.listMachines, id))
		return err
	})
	group.Go(func() (err error) {
		got.nics, err = readPages(ctx, l, "list network interfaces", nic.key, listOfSubscription(l.api.listInterfaces, id))
		return err
	})
	group.Go(func() (err error) {
		got.addresses, err = readPages(ctx, l, "list public addresses", address.key, listOfSubscription(l.api.listAddresses, id))
		return err
	})
	group.Go(func() (err error) {
		got.inSets, err = l.readSets(ctx, id)
		return err
	})
	err = group.Wait()
	return got, err
}

func (l *lister) listSets(ctx context.Context, id string) ([]scaleSet, error) {
	return readPages(ctx, l, "list scale sets", scaleSet.key, listOfSubscription(l.api.listSets, id))
}

// readSets reads the uniform scale sets. Machines of flexible ones are ordinary machines.
func (l *lister) readSets(ctx context.Context, id string) ([]rawSetLists, error) {
	sets, err := l.listSets(ctx, id)
	if err != nil {
		return nil, err
	}
	sets = slices.DeleteFunc(sets, func(s scaleSet) bool { return !s.uniform })
	got := make([]rawSetLists, len(sets))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallelSets)
	for i, set := range sets {
		group.Go(func() (err error) {
			got[i], err = l.readSet(groupCtx, id, set)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return got, l.verifySetsDeleted(ctx, id, sets, got)
}

// readSet reads one uniform scale set; its public addresses only where an interface has one.
func (l *lister) readSet(ctx context.Context, id string, set scaleSet) (got rawSetLists, err error) {
	of := " of scale set " + set.group + "/" + set.name
	got.machines, err = readPages(ctx, l, "list machines"+of, machine.key, listOfSet(l.api.listSetMachines, id, set))
	if inventory.KindOf(err) == inventory.NotFound {
		return rawSetLists{isDeleted: true}, nil
	}
	if err != nil {
		return got, err
	}
	got.nics, err = readPages(ctx, l, "list network interfaces"+of, nic.key, listOfSet(l.api.listSetInterfaces, id, set))
	if err == nil && slices.ContainsFunc(got.nics, nic.hasPublicAddress) {
		got.addresses, err = readPages(ctx, l, "list public addresses"+of, address.key, listOfSet(l.api.listSetAddresses, id, set))
	}
	if inventory.KindOf(err) == inventory.NotFound { // the set went meanwhile: its machines count once more, their addresses are unknown
		return got, nil
	}
	return got, err
}

// verifySetsDeleted fails where a scale set was deleted while it was to be read, unless a new list lacks it too.
func (l *lister) verifySetsDeleted(ctx context.Context, id string, sets []scaleSet, got []rawSetLists) error {
	if !slices.ContainsFunc(got, func(p rawSetLists) bool { return p.isDeleted }) {
		return nil
	}
	now, err := l.listSets(ctx, id)
	if err != nil {
		return err
	}
	for i, set := range sets {
		if got[i].isDeleted && slices.ContainsFunc(now, func(s scaleSet) bool { return s.id == set.id }) {
			return l.newPartError(inventory.Incomplete, "list machines of scale set "+set.group+"/"+set.name, "it is listed, and yet not found")
		}
	}
	return nil
}

// joinLists assigns each machine its addresses, and each region its machines.
func (l *lister) joinLists(got rawLists) (subscriptionList, error) {
	book := l.newNetworkIndex()
	book.add(got.nics, got.addresses)
	lists := [][]machine{got.machines}
	for _, set := range got.inSets {
		book.add(set.nics, set.addresses)
		lists = append(lists, set.machines)
	}
	out := subscriptionList{locations: got.locations, regions: map[string][]inventory.Instance{}, doubled: map[string]error{}}
	once, met := &cloud.Interner{}, map[string]*machine{}
	for _, machines := range lists {
		for i := range machines {
			m := &machines[i]
			if m.Region == "" {
				return subscriptionList{}, l.newPartError(inventory.Incomplete, "list virtual machines", m.ID+" has no location")
			}
			if first := met[m.ID]; first != nil {
				l.noteDoubled(out.doubled, first, m)
				continue
			}
			met[m.ID] = m
			row := l.convertRow(m, book)
			once.InternRow(&row)
			out.regions[row.Region] = append(out.regions[row.Region], row)
		}
	}
	for _, rows := range out.regions {
		cloud.SortByID(rows)
	}
	return out, nil
}

// noteDoubled notes, for the regions of two rows with one vmId, that they are two machines: neither may pass for the
// other. A machine of a flexible scale set is one all the same if it is listed as if the set were a uniform one.
func (l *lister) noteDoubled(doubled map[string]error, a, c *machine) {
	if a.Region == c.Region && a.isOfSet() != c.isOfSet() {
		return
	}
	err := l.newPartError(inventory.Incomplete, "list virtual machines", "")
	err.Message += fmt.Sprintf("two resources have one vmId, %s: %s and %s; one of them may be a trace of a machine that was moved", a.ID, a.resource, c.resource)
	doubled[a.Region], doubled[c.Region] = err, err
}

func (m machine) isOfSet() bool { return strings.Contains(m.resource, "/virtualmachinescalesets/") }

// convertRow returns a machine with its scope and addresses.
func (l *lister) convertRow(m *machine, known networkIndex) inventory.Instance {
	row := m.Instance
	row.Scope = inventory.Scope{Cloud: cloudID, Account: l.account.Name, Region: m.Region}
	known.fillRow(&row, m.nics)
	return row
}

// networkIndex maps interfaces and public addresses by their ids.
type networkIndex struct {
	nics      map[string]nic
	addresses map[string]address
	want      inventory.Want
}

func (l *lister) newNetworkIndex() networkIndex {
	return networkIndex{nics: map[string]nic{}, addresses: map[string]address{}, want: l.account.Want}
}

func (n networkIndex) add(nics []nic, addresses []address) {
	for _, one := range nics {
		n.nics[one.id] = one
	}
	for _, one := range addresses {
		n.addresses[one.id] = one
	}
}

// fillRow writes network and addresses into a row: those of the primary interface first, and of each
// interface that of the primary configuration first. A machine with an interface or a public address that
// is not in the index gets AddressesPartial.
func (n networkIndex) fillRow(row *inventory.Instance, ids []string) {
	nics := make([]nic, 0, len(ids))
	for _, id := range ids {
		one, ok := n.nics[id]
		if !ok {
			row.AddressesPartial = true
			continue
		}
		nics = append(nics, one)
	}
	sorting.StableBy(nics, func(a, c nic) int { return cmp.Compare(primaryRank(a.primary), primaryRank(c.primary)) })
	var elastic []string
	for _, one := range nics {
		row.VPC = cmp.Or(row.VPC, one.vpc)
		for _, config := range one.configs {
			public, ok := n.addresses[config.public]
			row.AddressesPartial = row.AddressesPartial || config.public != "" && !ok
			row.PrivateIPs = append(row.PrivateIPs, config.private)
			row.PublicIPs = append(row.PublicIPs, public.ip)
			if public.isElastic {
				elastic = append(elastic, public.ip)
			}
		}
	}
	row.IPv6s = cloud.IPv6Texts(row.PrivateIPs, row.PublicIPs)
	row.PrivateIPs, row.PublicIPs = withoutIPv6(row.PrivateIPs), withoutIPv6(row.PublicIPs)
	n.fillFacts(row, nics, elastic)
}

// withoutIPv6 returns the other addresses, each once: configurations and public addresses of both versions stand side by
// side (privateIPAddressVersion, publicIPAddressVersion).
func withoutIPv6(addresses []string) []string {
	return slices.DeleteFunc(cloud.UniqueTexts(addresses), cloud.IsIPv6)
}

func primaryRank(primary bool) int {
	if primary {
		return 0
	}
	return 1
}

// The keys by which CursorReader knows rows.
func (m machine) key() string {
	if m.ID == "" {
		return "" // its list is refused
	}
	return m.resource
}

func (n nic) key() string { return n.id }

func (a address) key() string { return a.id }

func (s scaleSet) key() string { return s.id }

func (n nic) hasPublicAddress() bool {
	return slices.ContainsFunc(n.configs, func(c ipConfig) bool { return c.public != "" })
}

// sameRow reports whether two rows with one id are the same: machines must be in one region. Anything
// else is identified by its id alone.
func sameRow[T any](a, n T) bool {
	one, ok := any(a).(machine)
	return !ok || one.Region == any(n).(machine).Region
}

// listOfSubscription and listOfSet bind the calls of a list to a subscription, and to a scale set in it.
func listOfSubscription[T any](list func(context.Context, string, string) (answerPage[T], error), id string) func(context.Context, string) (answerPage[T], error) {
	return func(ctx context.Context, token string) (answerPage[T], error) { return list(ctx, id, token) }
}

func listOfSet[T any](list func(context.Context, string, scaleSet, string) (answerPage[T], error), id string, set scaleSet) func(context.Context, string) (answerPage[T], error) {
	return func(ctx context.Context, token string) (answerPage[T], error) { return list(ctx, id, set, token) }
}

// readPages reads all pages of a list, and refuses an answer without one: `{}`, `null` and an error page would
// read as an empty one.
func readPages[T any](ctx context.Context, l *lister, op string, id func(T) string, list func(context.Context, string) (answerPage[T], error)) ([]T, error) {
	cursor := cloud.CursorReader[T]{
		Operation: op, ID: id, SameRow: sameRow[T],
		Fetch: func(ctx context.Context, token string) (cloud.CursorPage[T], error) {
			got, err := callRetried(ctx, l, op, func(ctx context.Context) (answerPage[T], error) { return list(ctx, token) })
			if err == nil && !got.hasList {
				err = l.newPartError(inventory.Incomplete, op, "the answer has no list")
			}
			return cloud.CursorPage[T]{Rows: got.rows, Next: got.next}, err
		},
	}
	return cursor.ReadAll(ctx)
}
