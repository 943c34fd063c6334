package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const opVerifyAbsence = "prove that instances are absent"

// Find implements cloud.Lister with DescribeInstances by the filter instance-id, which takes 200 values
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html): with InstanceIds, one unknown id
// would make the whole call fail.
func (l *lister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up instances"
	return l.FindByID(op, region, ids, isLiteralID, func(part []string) ([]inventory.Instance, error) {
		list, _, err := l.readPages(ctx, op, instancesQuery{region: region, filterIDs: part})
		return list, err
	})
}

// FindVerified implements cloud.Lister: it proves the absence of what Find does not return, by the right to list
// and by the second witness. An instance that only the second witness shows is returned as found.
func (l *lister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	found, err := l.Find(ctx, region, ids)
	absent := cloud.MissingIDs(ids, found)
	if err != nil || len(absent) == 0 {
		return inventory.FindResult{Instances: found}, err
	}
	if err := l.verifyListRight(ctx, region); err != nil {
		return inventory.FindResult{}, err
	}
	there, err := l.verifyAbsence(ctx, region, absent)
	if err != nil {
		return inventory.FindResult{}, err
	}
	return inventory.FindResult{Instances: cloud.SortByID(append(found, there...))}, nil
}

// verifyAnswer is what the second witness says of some instances: rows, or which of them do not exist.
type verifyAnswer struct {
	rows      []inventory.Instance
	absentIDs []string
}

// verifyAbsence asks the second witness for instances that the filter does not show, and returns those that
// exist. One that does not exist makes the whole call fail, with its id in the text; then the others are
// asked for again. An instance that is neither shown nor named makes the answer Incomplete.
func (l *lister) verifyAbsence(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	for left := ids; len(left) > 0; {
		got, err := l.describeByIDs(ctx, region, left)
		if err != nil {
			return nil, err
		}
		if len(got.absentIDs) > 0 {
			left = slices.DeleteFunc(slices.Clone(left), func(id string) bool { return slices.Contains(got.absentIDs, id) })
			continue
		}
		if err := l.VerifyRequested(opVerifyAbsence, region, left, got.rows); err != nil {
			return nil, err
		}
		if lost := cloud.MissingIDs(left, got.rows); len(lost) > 0 {
			return nil, l.NewError(inventory.Incomplete, opVerifyAbsence, region, lost[0]+" is neither shown nor said not to exist")
		}
		return cloud.DropAbsent(got.rows), nil
	}
	return nil, nil
}

// describeByIDs makes one call by InstanceIds, and refuses an answer of several pages.
func (l *lister) describeByIDs(ctx context.Context, region string, ids []string) (verifyAnswer, error) {
	return callRegional(ctx, l, opVerifyAbsence, region, func(ctx context.Context, credentials cloud.Credentials) (verifyAnswer, error) {
		answer, err := l.api.describeInstances(ctx, credentials, instancesQuery{region: region, instanceIDs: ids})
		if refused, ok := cloud.AsAPIError(err); ok && isOneOf(refused.Code, codeNotFound, codeMalformedID) {
			if unknown := mentionedIDs(refused.Message, ids); len(unknown) > 0 {
				return verifyAnswer{absentIDs: unknown}, nil
			}
			return verifyAnswer{}, l.NewError(inventory.Incomplete, opVerifyAbsence, region, refused.Code+" names none of the instances that were asked for")
		}
		if err != nil {
			return verifyAnswer{}, err
		}
		if answer.nextToken != "" {
			return verifyAnswer{}, l.NewError(inventory.Incomplete, opVerifyAbsence, region, "the answer is only the first page")
		}
		rows, err := l.checkPage(opVerifyAbsence, region, answer)
		return verifyAnswer{rows: rows}, err
	})
}

// mentionedIDs returns those ids that stand in a text as a whole: "The instance IDs 'i-1, i-2' do not exist".
func mentionedIDs(text string, ids []string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,'\"[]()", r) })
	var all []string
	for _, id := range ids {
		if slices.Contains(words, id) {
			all = append(all, id)
		}
	}
	return all
}
