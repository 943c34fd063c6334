package azure

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// setsAtOnce is how many scale sets are read at once. Reads of a subscription come out of a bucket of
// 250 that gets 25 a second: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
const setsAtOnce = 8

// reading is what one reading of a subscription gave: complete, and with the right to see all of it.
type reading struct {
	locations []location
	regions   map[string][]inventory.Instance // sorted by id
}

// knows tells whether a region exists: it is a location, or something is there.
func (r reading) knows(region string) bool {
	return len(r.regions[region]) > 0 || slices.ContainsFunc(r.locations, func(l location) bool { return l.name == region })
}

// parts is what a reading is made of.
type parts struct {
	locations []location
	machines  []machine
	nics      []nic
	addresses []address
	inSets    []setParts
}

// setParts are the machines of one scale set with what is theirs.
type setParts struct {
	machines  []machine
	nics      []nic
	addresses []address
	gone      bool // the set is not there any more
}

// read reads the whole subscription. The question for the right to do so comes last, so that it
// holds for every page that was read before.
func (l *lister) read(ctx context.Context) (reading, error) {
	id, err := l.subscription(ctx)
	if err != nil {
		return reading{}, err
	}
	got, err := l.readParts(ctx, id)
	if err != nil {
		return reading{}, err
	}
	if err := l.prove(ctx, id); err != nil {
		return reading{}, err
	}
	return l.join(got)
}

func (l *lister) readParts(ctx context.Context, id string) (got parts, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		got.locations, err = l.locations(ctx, id)
		return err
	})
	group.Go(func() (err error) {
		got.machines, err = collect(ctx, l, "list virtual machines", machine.key, in(l.api.machines, id))
		return err
	})
	group.Go(func() (err error) {
		got.nics, err = collect(ctx, l, "list network interfaces", nic.key, in(l.api.interfaces, id))
		return err
	})
	group.Go(func() (err error) {
		got.addresses, err = collect(ctx, l, "list public addresses", address.key, in(l.api.addresses, id))
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
	return collect(ctx, l, "list scale sets", scaleSet.key, in(l.api.sets, id))
}

// readSets reads the uniform scale sets. Machines of flexible ones are ordinary machines.
func (l *lister) readSets(ctx context.Context, id string) ([]setParts, error) {
	sets, err := l.listSets(ctx, id)
	if err != nil {
		return nil, err
	}
	sets = slices.DeleteFunc(sets, func(s scaleSet) bool { return !s.uniform })
	got := make([]setParts, len(sets))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(setsAtOnce)
	for i, set := range sets {
		group.Go(func() (err error) {
			got[i], err = l.readSet(groupCtx, id, set)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return got, l.confirmGone(ctx, id, sets, got)
}

// readSet reads one uniform scale set; its public addresses only where an interface has one.
func (l *lister) readSet(ctx context.Context, id string, set scaleSet) (got setParts, err error) {
	of := " of scale set " + set.group + "/" + set.name
	got.machines, err = collect(ctx, l, "list machines"+of, machine.key, inSet(l.api.setMachines, id, set))
	if inventory.KindOf(err) == inventory.NotFound {
		return setParts{gone: true}, nil
	}
	if err != nil {
		return got, err
	}
	got.nics, err = collect(ctx, l, "list network interfaces"+of, nic.key, inSet(l.api.setInterfaces, id, set))
	if err == nil && slices.ContainsFunc(got.nics, nic.hasPublic) {
		got.addresses, err = collect(ctx, l, "list public addresses"+of, address.key, inSet(l.api.setAddresses, id, set))
	}
	return got, err
}

// confirmGone believes that a scale set went while it was to be read only if a new list says so too.
func (l *lister) confirmGone(ctx context.Context, id string, sets []scaleSet, got []setParts) error {
	if !slices.ContainsFunc(got, func(p setParts) bool { return p.gone }) {
		return nil
	}
	now, err := l.listSets(ctx, id)
	if err != nil {
		return err
	}
	for i, set := range sets {
		if got[i].gone && slices.ContainsFunc(now, func(s scaleSet) bool { return s.id == set.id }) {
			return l.part(inventory.Incomplete, "list machines of scale set "+set.group+"/"+set.name, "it is listed, and yet not found")
		}
	}
	return nil
}

// join gives each machine its addresses, and each region its machines.
func (l *lister) join(got parts) (reading, error) {
	book := newBook()
	book.add(got.nics, got.addresses)
	lists := [][]machine{got.machines}
	for _, set := range got.inSets {
		book.add(set.nics, set.addresses)
		lists = append(lists, set.machines)
	}
	out := reading{locations: got.locations, regions: map[string][]inventory.Instance{}}
	once, met := cloud.Words{}, map[string]string{} // id → region
	for _, machines := range lists {
		for i := range machines {
			row := l.complete(&machines[i], book)
			once.Share(&row)
			if region, twice := met[row.ID]; twice && region == row.Region {
				continue // of a flexible scale set that is listed as if it were a uniform one
			} else if twice || row.Region == "" {
				return reading{}, l.part(inventory.Incomplete, "list virtual machines", row.ID+" has no location, or two")
			}
			met[row.ID] = row.Region
			out.regions[row.Region] = append(out.regions[row.Region], row)
		}
	}
	for _, rows := range out.regions {
		cloud.Sorted(rows)
	}
	return out, nil
}

// complete gives a machine with its scope and addresses.
func (l *lister) complete(m *machine, known book) inventory.Instance {
	row := m.Instance
	row.Scope = inventory.Scope{Cloud: inventory.Azure, Account: l.account.Name, Region: m.Region}
	known.fill(&row, m.nics)
	return row
}

// book finds interfaces and public addresses by their ids.
type book struct {
	nics      map[string]nic
	addresses map[string]string
}

func newBook() book { return book{nics: map[string]nic{}, addresses: map[string]string{}} }

func (b book) add(nics []nic, addresses []address) {
	for _, one := range nics {
		b.nics[one.id] = one
	}
	for _, one := range addresses {
		b.addresses[one.id] = one.ip
	}
}

// fill writes network and addresses into a row: those of the primary interface first, and in each
// that of the primary configuration. A machine with an interface or a public address that is not in
// the book is there all the same, and says that its addresses are not all known.
func (b book) fill(row *inventory.Instance, ids []string) {
	nics := make([]nic, 0, len(ids))
	for _, id := range ids {
		one, ok := b.nics[id]
		if !ok {
			row.AddressesPartial = true
			continue
		}
		nics = append(nics, one)
	}
	slices.SortStableFunc(nics, func(a, c nic) int { return cmp.Compare(rank(a.primary), rank(c.primary)) })
	for _, one := range nics {
		row.VPC = cmp.Or(row.VPC, one.vpc)
		for _, config := range one.configs {
			public, ok := b.addresses[config.public]
			row.AddressesPartial = row.AddressesPartial || config.public != "" && !ok
			row.PrivateIPs = append(row.PrivateIPs, config.private)
			row.PublicIPs = append(row.PublicIPs, public)
		}
	}
	row.PrivateIPs, row.PublicIPs = cloud.Distinct(row.PrivateIPs), cloud.Distinct(row.PublicIPs)
}

func rank(primary bool) int {
	if primary {
		return 0
	}
	return 1
}

// The names by which Cursor knows rows.
func (m machine) key() string  { return m.ID }
func (n nic) key() string      { return n.id }
func (a address) key() string  { return a.id }
func (s scaleSet) key() string { return s.id }

func (n nic) hasPublic() bool {
	return slices.ContainsFunc(n.configs, func(c ipConfig) bool { return c.public != "" })
}

// sameRow tells whether two rows with one id are one thing: machines must be in one region. All
// else is named by its id alone.
func sameRow[T any](a, b T) bool {
	one, ok := any(a).(machine)
	return !ok || one.Region == any(b).(machine).Region
}

// in and inSet fix what a list is of.
func in[T any](list func(context.Context, string, string) (answer[T], error), id string) func(context.Context, string) (answer[T], error) {
	return func(ctx context.Context, token string) (answer[T], error) { return list(ctx, id, token) }
}

func inSet[T any](list func(context.Context, string, scaleSet, string) (answer[T], error), id string, set scaleSet) func(context.Context, string) (answer[T], error) {
	return func(ctx context.Context, token string) (answer[T], error) { return list(ctx, id, set, token) }
}

// collect reads all pages of a list. Without the question whether there is a list at all, `{}`,
// `null` and an error page would read as an empty one.
func collect[T any](ctx context.Context, l *lister, op string, id func(T) string, list func(context.Context, string) (answer[T], error)) ([]T, error) {
	cursor := cloud.Cursor[T]{
		What: op, ID: id, Same: sameRow[T],
		Fetch: func(ctx context.Context, token string) (cloud.Page[T], error) {
			got, err := retried(ctx, l, op, func(ctx context.Context) (answer[T], error) { return list(ctx, token) })
			if err == nil && !got.listed {
				err = l.part(inventory.Incomplete, op, "the answer has no list")
			}
			return cloud.Page[T]{Rows: got.rows, Next: got.next}, err
		},
	}
	return cursor.All(ctx)
}
