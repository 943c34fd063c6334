package cloud

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxIDsPerCall is how many ids one question names. No cloud takes fewer: Alibaba 100 InstanceIds
// (https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstances), Tencent
// 100 (https://cloud.tencent.com/document/api/213/15728), AWS 200 values of a filter
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html); Huawei advises it for
// server_id, as the address grows with them.
const maxIDsPerCall = 100

// FindByID asks for instances by their ids, sorted and each once, in parts of at most 100, and gives
// those that exist, sorted. An id that is empty or not valid (nil = any other is) is Invalid before
// anything is asked; an answer with an id that was not asked for, or twice, is Incomplete.
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

// VerifyRequested sorts an answer to the question for ids, which are sorted. A row that was not asked for, or
// is given twice, makes it Incomplete.
func (c Client) VerifyRequested(op, region string, ids []string, rows []inventory.Instance) error {
	for i, row := range SortByID(rows) {
		if _, asked := slices.BinarySearch(ids, row.ID); !asked || i > 0 && rows[i-1].ID == row.ID {
			return c.NewError(inventory.Incomplete, op, region, row.ID+" was not asked for, or is given twice")
		}
	}
	return nil
}

// MissingIDs gives those ids, sorted and each once, that are not among the instances, which are sorted.
func MissingIDs(ids []string, found []inventory.Instance) []string {
	return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(ids))), func(id string) bool {
		_, there := slices.BinarySearchFunc(found, id, func(i inventory.Instance, id string) int { return cmp.Compare(i.ID, id) })
		return there
	})
}

// SortByID sorts instances by id, as every answer of a lister is sorted, and gives them.
func SortByID(list []inventory.Instance) []inventory.Instance {
	slices.SortFunc(list, func(a, b inventory.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// AssignRegion writes the scope into an answer's rows. A row that says to be of another region makes it
// Incomplete; one that names none is of the region that was asked.
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

// Interner keeps one copy of each text that many instances of a listing have.
type Interner map[string]string

// InternRow lets a row use the copies of its texts that are there, and keeps the others.
func (w Interner) InternRow(row *inventory.Instance) {
	for _, text := range [...]*string{&row.Region, &row.OSType, &row.OSName, &row.Status, &row.Type, &row.VPC, &row.Project} {
		if known, met := w[*text]; met {
			*text = known
		} else {
			w[*text] = *text
		}
	}
}

// UniqueTexts gives each non-empty text once, in the order of first appearance. The lists are short,
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

// The signs of which ids of accounts, regions and (with Upper) instances consist; see Only.
const (
	DigitChars = "0123456789"
	LowerChars = "abcdefghijklmnopqrstuvwxyz-" + DigitChars
	UpperChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// ValidCharset tells whether s has nothing but these signs, and at least one but at most 64 of them. What
// becomes part of an address, a header or a query is to be checked with it.
func ValidCharset(s, signs string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, signs) == ""
}
