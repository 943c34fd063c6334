package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	apiLabels  = "/api/v1/labels/labels/"
	apiLabeled = "/api/v1/labels/labeled-resources/"
)

// maxProofAge is how old the proof that nothing has a label may be when its row is deleted: JumpServer also deletes a row
// that is in use (204), and removes it from its hosts.
const maxProofAge = 5 * time.Second

// labelPageRow is a row of the label page in lists.
type labelPageRow struct {
	ID, Name, Value string
	Color, Comment  string
	OrgID           string `json:"org_id"`
	Links           *int   `json:"res_count"`
}

// LabelRows returns the rows of the label page that have this name, in any case: all of them, or an error. It
// needs the right ViewLabels.
func (c *Client) LabelRows(ctx context.Context, name string) ([]inventory.LabelRow, error) {
	return c.listLabelRows(ctx, "list the labels "+quote(name), name, "")
}

// listLabelRows returns the rows of a name, and of a value if the filter names one. It drops rows of other names: a
// database that ignores accents finds them, and so does a server that does not know the filter.
func (c *Client) listLabelRows(ctx context.Context, op, name, filter string) ([]inventory.LabelRow, error) {
	if _, err := c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	r := &rowConverter{org: c.orgID, operation: op}
	all, err := readAll(ctx, c, listRequest[inventory.LabelRow, labelPageRow]{
		op: op, path: apiLabels, query: "order=value&name=" + url.QueryEscape(name) + filter, limit: pageSize,
		id: func(l inventory.LabelRow) string { return l.ID },
		convert: func(row *labelPageRow) (inventory.LabelRow, error) {
			if row.Name == "" || row.Links == nil {
				return inventory.LabelRow{}, newError(inventory.Incomplete, "jumpserver: "+op+": the row of "+quote(row.ID)+" lacks name or res_count", nil)
			}
			return inventory.LabelRow{
				ID: strings.ToLower(row.ID), Label: inventory.Label{Name: row.Name, Value: row.Value}, LinkCount: *row.Links,
				Edited: row.Color != "" || row.Comment != "",
			}, r.validateRow(row.ID, row.OrgID)
		},
	})
	if err != nil {
		return nil, withMissingRight(err, inventory.ViewLabels)
	}
	return slices.DeleteFunc(all, func(l inventory.LabelRow) bool { return !strings.EqualFold(l.Name, name) }), nil
}

// labeledRow is a link between a label and a resource. A null resource was deleted.
type labeledRow struct {
	ID       string
	Label    struct{ ID string }
	ResID    string          `json:"res_id"`
	Resource json.RawMessage `json:"resource"`
}

// LabelHolders returns the resources of all kinds that have a label, and those that had it when they were deleted:
// all of them, or an error. It needs the right ViewLabelHolders.
func (c *Client) LabelHolders(ctx context.Context, row inventory.LabelRow) ([]inventory.LabelHolder, error) {
	op := "list what has the label " + quote(row.String())
	if !isUUID(row.ID) {
		return nil, newInvalidError(op, "%s is not a UUID", quote(row.ID))
	}
	if _, err := c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	type link struct {
		id string
		inventory.LabelHolder
	}
	links, err := readAll(ctx, c, listRequest[link, labeledRow]{
		op: op, path: apiLabeled, query: "label=" + row.ID, limit: pageSize,
		id: func(l link) string { return l.id },
		convert: func(l *labeledRow) (link, error) {
			holder, err := convertHolder(op, row, l)
			return link{l.ID, holder}, err
		},
	})
	if err != nil {
		return nil, withMissingRight(err, inventory.ViewLabelHolders)
	}
	holders := make([]inventory.LabelHolder, 0, len(links))
	for _, l := range links {
		holders = append(holders, l.LabelHolder)
	}
	return holders, nil
}

// convertHolder returns the resource of a link. A link of another label means that the server ignored the filter.
func convertHolder(op string, row inventory.LabelRow, l *labeledRow) (inventory.LabelHolder, error) {
	if !strings.EqualFold(l.Label.ID, row.ID) {
		return inventory.LabelHolder{}, newError(inventory.Incomplete, "jumpserver: "+op+": a link of label "+quote(l.Label.ID)+" came, which was not asked for", nil)
	}
	if l.ID == "" || l.ResID == "" || len(l.Resource) == 0 {
		return inventory.LabelHolder{}, newError(inventory.Incomplete, "jumpserver: "+op+": a link lacks id, res_id or resource", nil)
	}
	holder := inventory.LabelHolder{ID: strings.ToLower(l.ResID), Exists: string(l.Resource) != "null"}
	if err := json.Unmarshal(l.Resource, &holder.Title); err != nil {
		holder.Title = truncate(string(l.Resource)) // another shape, but it exists
	}
	return holder, nil
}

// errStaleProof is the cause where a proof became too old while a request waited for its turn.
var errStaleProof = errors.New("the proof is too old")

// DeleteLabelRow deletes one row of the label page, if it still has the same name and value, and nothing that exists
// has the label. It verifies both right before each DELETE, repeated ones included: a run may need the row meanwhile. The
// error is Conflict if the row is in use or was edited, and NotFound if it is gone; in both cases
// this client deleted nothing. It needs the rights ViewLabels, ViewLabelHolders and DeleteLabels.
func (c *Client) DeleteLabelRow(ctx context.Context, row inventory.LabelRow) error {
	op := "delete the label " + quote(row.String())
	sent := false
	for try := 1; ; try++ {
		err := c.verifyUnused(ctx, op, row)
		if inventory.KindOf(err) == inventory.NotFound && sent {
			return nil // deleted by the DELETE whose answer got lost
		}
		if err != nil {
			return err
		}
		proved := c.now()
		err = c.doCall(ctx, apiCall{op: op, method: http.MethodDelete, path: labelRowPath(row.ID), noRetry: true, precondition: func() error {
			if c.now().Sub(proved) > maxProofAge {
				return newError(inventory.Conflict, "jumpserver: "+op, errStaleProof)
			}
			sent = true
			return nil
		}})
		gone := inventory.KindOf(err) == inventory.NotFound // somebody else was faster, or there is no such page: verified again
		if !gone && !isRetryable(err) && !errors.Is(err, errStaleProof) {
			return withMissingRight(err, inventory.DeleteLabels)
		}
		if try == maxTries {
			return gaveUpError(op, err)
		}
		c.log.Debug("jumpserver label is asked for again", "op", op, "try", try, "error", err.Error())
		if c.sleep(ctx, time.Duration(try)*rereadPause) != nil || ctx.Err() != nil {
			return contextError(ctx)
		}
	}
}

// gaveUpError returns the error of a row that is still there after all tries.
func gaveUpError(op string, err error) error {
	switch {
	case errors.Is(err, errStaleProof):
		return newError(inventory.Temporary, "jumpserver: "+op+": JumpServer let too much time pass between the proof and the DELETE; nothing was deleted", nil)
	case inventory.KindOf(err) == inventory.NotFound:
		return newError(inventory.Incomplete, "jumpserver: "+op+": JumpServer lists it, and says that it is gone; nothing was deleted", err)
	}
	return err
}

// verifyUnused returns nil if a row is still as it was listed and nothing that exists has the label.
func (c *Client) verifyUnused(ctx context.Context, op string, row inventory.LabelRow) error {
	now, err := c.listLabelRows(ctx, "look for the label "+quote(row.String()), row.Name, "&value="+url.QueryEscape(row.Value))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(now, func(l inventory.LabelRow) bool { return l.ID == strings.ToLower(row.ID) })
	if at < 0 {
		return newError(inventory.NotFound, "jumpserver: "+op+": it is gone, or has another name or value now; nothing was deleted", nil)
	}
	if now[at].Label != row.Label || now[at].Edited != row.Edited {
		return newError(inventory.Conflict, "jumpserver: "+op+": it was edited meanwhile; nothing was deleted", nil)
	}
	holders, err := c.LabelHolders(ctx, row)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(holders, func(h inventory.LabelHolder) bool { return h.Exists }); at >= 0 {
		return newError(inventory.Conflict, "jumpserver: "+op+": "+quote(holders[at].Title)+" has it now; nothing was deleted", nil)
	}
	return nil
}

// labelRowPath returns the path of one row of the label page.
func labelRowPath(id string) string { return apiLabels + strings.ToLower(id) + "/" }

// isLabelRowPath reports whether a path is that of exactly one row of the label page.
func isLabelRowPath(path string) bool {
	id, below := strings.CutPrefix(path, apiLabels)
	id, one := strings.CutSuffix(id, "/")
	return below && one && isUUID(id)
}

// withMissingRight adds the name of the missing right to JumpServer's refusal.
func withMissingRight(err error, right string) error {
	if inventory.KindOf(err) != inventory.Denied {
		return err
	}
	return &inventory.Error{Kind: inventory.Denied, Message: fmt.Sprintf("the right %s is needed", right), Err: err}
}
