package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const opConfirm = "prove that instances are absent"

// verdict is what the second witness says of some instances: rows, or which of them do not exist.
type verdict struct {
	rows    []inventory.Instance
	unknown []string
}

// confirm asks the second witness for instances that the filter does not show, and returns those that
// are there. An instance that does not exist makes the whole call fail, which names it; then the others are
// asked for again. What is neither shown nor named makes the answer Incomplete.
func (l *lister) confirm(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	for left := ids; len(left) > 0; {
		got, err := l.ask(ctx, region, left)
		if err != nil {
			return nil, err
		}
		if len(got.unknown) > 0 {
			left = slices.DeleteFunc(slices.Clone(left), func(id string) bool { return slices.Contains(got.unknown, id) })
			continue
		}
		if err := l.Asked(opConfirm, region, left, got.rows); err != nil {
			return nil, err
		}
		if lost := cloud.Absent(left, got.rows); len(lost) > 0 {
			return nil, l.Fault(inventory.Incomplete, opConfirm, region, lost[0]+" is neither shown nor said not to exist")
		}
		return slices.DeleteFunc(got.rows, func(i inventory.Instance) bool { return i.Status == terminated }), nil
	}
	return nil, nil
}

// ask makes one call by InstanceIds. An answer of several pages would be one that leaves something out.
func (l *lister) ask(ctx context.Context, region string, ids []string) (verdict, error) {
	return regional(ctx, l, opConfirm, region, func(ctx context.Context, by cloud.Credentials) (verdict, error) {
		answer, err := l.api.instances(ctx, by, query{region: region, named: ids})
		if refused, ok := cloud.AsRefusal(err); ok && among(refused.Code, instanceUnknown, instanceMalformed) {
			if unknown := mentioned(refused.Text, ids); len(unknown) > 0 {
				return verdict{unknown: unknown}, nil
			}
			return verdict{}, l.Fault(inventory.Incomplete, opConfirm, region, refused.Code+" names none of the instances that were asked for")
		}
		if err != nil {
			return verdict{}, err
		}
		if answer.next != "" {
			return verdict{}, l.Fault(inventory.Incomplete, opConfirm, region, "the answer is only the first page")
		}
		rows, err := l.check(opConfirm, region, answer)
		return verdict{rows: rows}, err
	})
}

// mentioned returns those ids that stand in a text as a whole: "The instance IDs 'i-1, i-2' do not exist".
func mentioned(text string, ids []string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,'\"[]()", r) })
	var all []string
	for _, id := range ids {
		if slices.Contains(words, id) {
			all = append(all, id)
		}
	}
	return all
}
