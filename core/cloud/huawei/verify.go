package huawei

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// maxParallelGets bounds how many single servers are asked for at once.
	maxParallelGets = 8
	// nonexistentID is an id that no server has.
	nonexistentID = "00000000-0000-0000-0000-000000000000"
	// codeNotFound is the code with which ECS says that a server does not exist.
	codeNotFound = "Ecs.0114"
)

// Find implements cloud.Lister with ListServersDetails by server_id. An unknown id is answered
// with a row that has nothing but the id and a fault.
func (l *lister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up servers"
	return l.FindByID(op, region, ids, isServerID, func(part []string) ([]inventory.Instance, error) {
		at, err := l.projectScopeOf(ctx, op, region)
		if err != nil {
			return nil, err
		}
		r := listReader{lister: l, op: op, query: serversQuery{projectScope: at, ids: part}, interner: cloud.InternerOf(ctx)}
		return r.readPages(ctx)
	})
}

// FindVerified implements cloud.Lister: Find, and ShowServer for each server that it does not return. The list
// leaves out the servers of enterprise projects that the credential may not see, without an error;
// ShowServer is refused then. Only Ecs.0114, or the status DELETED, proves an absence.
func (l *lister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	found, err := l.Find(ctx, region, ids)
	if err != nil {
		return inventory.FindResult{}, err
	}
	at, err := l.projectScopeOf(ctx, "look up servers", region)
	if err != nil {
		return inventory.FindResult{}, err
	}
	more, err := l.verifyAbsence(ctx, at, cloud.MissingIDs(ids, found))
	if err != nil {
		return inventory.FindResult{}, err
	}
	return inventory.FindResult{Instances: cloud.SortByID(append(found, more...)), Projects: []string{at.project}}, nil
}

// verifyAbsence asks for single servers, a few at once, and returns those that exist after all.
func (l *lister) verifyAbsence(ctx context.Context, at projectScope, ids []string) ([]inventory.Instance, error) {
	rows := make([]inventory.Instance, len(ids))
	exist := make([]bool, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallelGets)
	for i, id := range ids {
		group.Go(func() (err error) {
			rows[i], exist[i], err = l.getServer(ctx, at, id)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var found []inventory.Instance
	for i, row := range rows {
		if exist[i] {
			found = append(found, row)
		}
	}
	return found, nil
}

// getServer returns one server, and reports whether it exists.
func (l *lister) getServer(ctx context.Context, at projectScope, id string) (row inventory.Instance, exists bool, err error) {
	const op = "look at one server"
	answer, err := cloud.Call(ctx, l.Client, op, at.region, func(ctx context.Context) (*serverRow, error) {
		answer, err := l.api.showServer(ctx, at, id)
		if r, ok := cloud.AsAPIError(err); ok && r.Code == codeNotFound && (r.Status == http.StatusNotFound || r.Status == http.StatusBadRequest) {
			return nil, nil
		}
		if err == nil && (answer.Server == nil || answer.Server.ID != id || answer.Server.isUnknownID()) {
			err = l.NewError(inventory.Incomplete, op, at.region, "the answer does not show the server that was asked for")
		}
		return answer.Server, err
	})
	if err != nil || answer == nil {
		return inventory.Instance{}, false, err
	}
	if err := l.checkRow(op, serversQuery{projectScope: at}, answer); err != nil {
		return inventory.Instance{}, false, err
	}
	row = l.convertRow(at, answer)
	return row, row.Existence != inventory.Absent, nil
}

// isServerID reports whether an id can be that of a server; a comma or a slash would change the query.
func isServerID(id string) bool {
	return cloud.ValidCharset(id, cloud.LowerChars+cloud.UpperChars+"_~")
}
