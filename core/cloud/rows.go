package cloud

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// maxIDsPerCall is how many ids one call names. All clouds take as many in a list of ids, or in a filter; in
// an address more would be too long.
const maxIDsPerCall = 100

// FindByID asks for instances by their ids, sorted and each once, at most 100 in a call, and returns those
// that exist, sorted. It fails with Invalid before any call for an id that is empty or not valid (nil = every
// other id is), and with Incomplete for an answer with an id that was not asked for, or twice.
func (c Client) FindByID(
	op, region string, ids []string, valid func(string) bool, ask func(part []string) ([]inventory.Instance, error),
) ([]inventory.Instance, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range ids {
		if id == "" || valid != nil && !valid(id) {
			return nil, c.NewError(inventory.Invalid, op, region, "an id is empty, or cannot be that of an instance")
		}
	}
	var found []inventory.Instance
	for part := range slices.Chunk(ids, maxIDsPerCall) {
		rows, err := ask(part)
		if err != nil {
			return nil, err
		}
		if err := c.VerifyRequested(op, region, part, rows); err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	return found, nil
}

// VerifyRequested sorts the answer to a call for ids, which are sorted. It fails with Incomplete for a row that
// was not asked for, or appears twice.
func (c Client) VerifyRequested(op, region string, ids []string, rows []inventory.Instance) error {
	for i, row := range SortByID(rows) {
		if _, asked := slices.BinarySearch(ids, row.ID); !asked || i > 0 && rows[i-1].ID == row.ID {
			return c.NewError(inventory.Incomplete, op, region, row.ID+" was not asked for, or is given twice")
		}
	}
	return nil
}

// MissingIDs returns those ids, sorted and each once, that are not among the instances, which are sorted.
func MissingIDs(ids []string, found []inventory.Instance) []string {
	return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(ids))), func(id string) bool {
		_, there := slices.BinarySearchFunc(found, id, func(i inventory.Instance, id string) int { return cmp.Compare(i.ID, id) })
		return there
	})
}

// SortByID sorts instances by id in place, and returns them.
func SortByID(list []inventory.Instance) []inventory.Instance {
	sorting.By(list, func(a, b inventory.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// AssignRegion writes the scope into an answer's rows. It fails with Incomplete for a row that names another
// region; one that names none is of the region that was asked.
func (c Client) AssignRegion(op, region string, rows []inventory.Instance) error {
	for i := range rows {
		row := &rows[i]
		if row.Region != "" && row.Region != region {
			return c.NewError(inventory.Incomplete, op, region, row.ID+" is of region "+row.Region)
		}
		row.Scope = inventory.Scope{Cloud: c.Account.Cloud, Account: c.Account.Name, Region: region}
	}
	return nil
}

// UniqueTexts returns each non-empty text once, in the order of first appearance. The lists are short,
// so that searching is cheaper than a map.
func UniqueTexts(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		for _, text := range list {
			if text != "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// IPv6Texts returns the IPv6 addresses among texts, each once, as RFC 5952 writes them (in one way only, so that an
// address never seems to change). It leaves out what nobody else can reach: link-local ones and those with a zone,
// loopback, multicast, and IPv4 in the form of IPv6.
func IPv6Texts(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		for _, text := range list {
			ip, err := netip.ParseAddr(text)
			if err != nil || !ip.Is6() || ip.Is4In6() || ip.Zone() != "" || !ip.IsGlobalUnicast() {
				continue
			}
			if written := ip.String(); !slices.Contains(all, written) {
				all = append(all, written)
			}
		}
	}
	return all
}

// IsIPv6 reports whether a text is an IPv6 address, in any spelling.
func IsIPv6(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && ip.Is6()
}

// The character sets of the ids of accounts, regions and (with UpperChars) instances; see ValidCharset.
const (
	DigitChars = "0123456789"
	LowerChars = "abcdefghijklmnopqrstuvwxyz-" + DigitChars
	UpperChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// ValidCharset reports whether s has 1 to 64 characters, all of this set. Check with it what becomes
// part of an address, a header or a query.
func ValidCharset(s, signs string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, signs) == ""
}

// DropAbsent returns the rows of instances that exist: a cloud may show for a while what it has released.
func DropAbsent(rows []inventory.Instance) []inventory.Instance {
	return slices.DeleteFunc(rows, func(i inventory.Instance) bool { return i.Existence == inventory.Absent })
}
