package jumpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// JumpServer's limits: longer texts are refused, or (label values) answered with a 500.
const (
	maxNameLen    = 128
	maxAddressLen = 767
	maxLabelLen   = 64
)

// Create creates one host with the given id under the nodes NodeIDs. existed reports that an asset with this
// id is in this organisation already; it is left as it is. A host that an earlier try of this call
// created, and whose answer got lost, counts as created now.
//
// The error is inventory.ErrNodeGone where a node does not exist, ErrTemplateGone where an account template does not, and
// ErrAccountsClash where two of them have one username and secret type: then there is no host either. Other kinds are NameTaken, Conflict (the id
// exists where this client cannot see it), Limit (no room for more assets), Invalid (JumpServer or its rules refuse
// a value; known rules are checked without a call), Unanswered (the host may have been created, or still be) and those of every call.
func (c *Client) Create(ctx context.Context, a inventory.NewAsset) (existed bool, err error) {
	op := "create host " + a.Name
	if err := validateNewAsset(op, a); err != nil {
		return false, err
	}
	maybeCreated := false
	existed, found, refusal, err := c.postHostOnce(ctx, op, a, &maybeCreated)
	if refusal.isOutdatedPlatform() {
		if _, err := c.refreshFacts(ctx, c.cachedFacts.Load()); err != nil {
			return false, err
		}
		existed, found, refusal, err = c.postHostOnce(ctx, op, a, &maybeCreated)
	}
	if found {
		return existed, nil
	}
	if c.isTemplateGone(err) {
		return false, templateGoneError(op, err)
	}
	if refusal == nil {
		return false, err
	}
	if refusal.refusesAccounts(a) {
		return false, newError(inventory.Invalid, "jumpserver: "+op, fmt.Errorf("%w: %w", inventory.ErrAccountsClash, refusal))
	}
	// After a lost answer, the host of that try may be the one that has the name.
	if refusal.hasKey("id") || maybeCreated && refusal.hasKey("name") {
		existed, err := c.explainTakenID(ctx, op, a, maybeCreated)
		if refusal.hasKey("id") || inventory.KindOf(err) != inventory.Conflict {
			return existed, err
		}
	}
	return false, createError(op, a.Name, err, refusal)
}

// postHost sends the host, with what is known of nodes and platforms now. refusal is JumpServer's 400
// for the host itself, not for a request on the way; nil for anything else.
func (c *Client) postHost(ctx context.Context, op string, a inventory.NewAsset, maybeCreated *bool) (refusal *apiError, err error) {
	body, err := c.createBody(ctx, op, a)
	if err != nil {
		return nil, err
	}
	var row hostRow
	err = c.doCall(ctx, apiCall{op: op, method: http.MethodPost, path: apiHosts, body: body, read: decodeInto(&row, "id"), maybeDone: maybeCreated, size: writeSize{creations, 1},
		onFirst500: func(ctx context.Context) error { return c.explainServerError(ctx, op, a.ID, a.Name, assetTexts(a)...) }})
	if err != nil {
		return asBadRequest(err), err
	}
	return nil, c.verifyCreated(op, a, body, &row)
}

// postHostOnce is postHost, and after a lost answer looks for the host before it sends it again. found reports that
// the host was found in this way; existed is that of Create.
func (c *Client) postHostOnce(ctx context.Context, op string, a inventory.NewAsset, maybeCreated *bool) (existed, found bool, refusal *apiError, err error) {
	for posts := 1; ; posts++ {
		refusal, err = c.postHost(ctx, op, a, maybeCreated)
		if inventory.KindOf(err) != inventory.Unanswered {
			return false, false, refusal, err
		}
		existed, found, sure := c.waitForHost(ctx, a, err)
		switch {
		case found:
			return existed, true, nil, nil
		case !sure:
			return false, false, nil, err
		case posts == maxCreateTries:
			return false, false, nil, newError(inventory.Temporary, "jumpserver: "+op+": it was not made, though it was sent several times", err)
		}
	}
}

// maxCreateTries is how often a host is sent whose answers get lost.
const maxCreateTries = 3

// waitForHost looks for a host that was sent without an answer, until JumpServer has had the time
// to create it. existed is that of Create. sure is false where the time was too short, or the last look failed.
func (c *Client) waitForHost(ctx context.Context, a inventory.NewAsset, lost error) (existed, found, sure bool) {
	var e *inventory.Error
	errors.As(lost, &e) // always succeeds: the error has a kind
	known, begun := true, c.now()
	for _, part := range []time.Duration{0, e.RetryAfter / 4, e.RetryAfter / 2, e.RetryAfter} {
		took := c.now().Sub(begun)
		if !known && took > e.RetryAfter {
			break // the last look took longer, and failed
		}
		wait := max(part-took, 0)
		if end, bounded := ctx.Deadline(); bounded && time.Until(end) < wait {
			return false, false, false
		}
		if c.sleep(ctx, wait) != nil || ctx.Err() != nil {
			return false, false, false
		}
		assets, err := c.AssetsByID(ctx, []string{a.ID})
		known = err == nil
		if known && len(assets) > 0 {
			return !matchesCreated(a, assets[0]), true, true
		}
	}
	return false, false, known
}

// matchesCreated reports whether an asset is as Create leaves it.
func matchesCreated(a inventory.NewAsset, found inventory.Asset) bool {
	return found.Name == a.Name && found.Address == a.Address && found.Active == !a.Inactive && found.Platform == a.Platform && sameLabels(found.Labels, a.Labels)
}

// isOutdatedPlatform reports whether JumpServer no longer knows the platform's id: somebody recreated the platform.
func (r *apiError) isOutdatedPlatform() bool {
	return r != nil && r.hasKey("platform") && !r.hasKey("id") && !r.hasKey("nodes")
}

// createError returns the error of a 400 for a host with the kind that says what to do about it.
func createError(op, name string, err error, refusal *apiError) error {
	switch {
	case refusal.isOverLimit():
		return newError(inventory.Limit, "jumpserver: "+op+": JumpServer takes no more assets", refusal)
	case refusal.hasKey("name"):
		return newError(inventory.NameTaken, "jumpserver: "+op+": the name "+quote(name)+" is taken by another asset", refusal)
	case refusal.hasKey("nodes"):
		return newError(inventory.Invalid, "jumpserver: "+op, fmt.Errorf("%w: %w", inventory.ErrNodeGone, refusal))
	}
	return err
}

// explainTakenID finds out what a 400 for the id means, which alone proves nothing.
func (c *Client) explainTakenID(ctx context.Context, op string, a inventory.NewAsset, maybeCreated bool) (existed bool, err error) {
	found, err := c.AssetsByID(ctx, []string{a.ID})
	if err != nil {
		return false, err
	}
	if len(found) == 0 {
		return false, newError(inventory.Conflict, "jumpserver: "+op+": the id "+a.ID+" exists in another organisation", nil)
	}
	return !maybeCreated || !matchesCreated(a, found[0]), nil
}

// createBody returns the body of the POST.
func (c *Client) createBody(ctx context.Context, op string, a inventory.NewAsset) (map[string]any, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	p, ok := f.platforms[a.Platform]
	if !ok {
		return nil, newError(inventory.Invalid, "jumpserver: "+op+": JumpServer has no host platform "+quote(a.Platform), nil)
	}
	protocols := a.Protocols
	if protocols == nil {
		protocols = p.Protocols
	}
	body := map[string]any{
		"id": a.ID, "name": a.Name, "address": a.Address, "platform": p.ID, "protocols": protocolRows(protocols),
		"nodes": a.NodeIDs, "labels": labelTexts(a.Labels), "comment": a.Comment, "is_active": !a.Inactive,
	}
	if len(a.Accounts) > 0 {
		body["accounts"] = templateRows(a.Accounts)
	}
	if a.Zone != "" && p.SupportsZones {
		zone, err := c.zoneFieldName(ctx, f)
		if err != nil {
			return nil, err // a host outside its zone would be reached by another way
		}
		body[zone] = a.Zone
	}
	return body, nil
}

// verifyCreated compares the answer with what was sent: JumpServer silently drops a zone that the
// platform does not allow, and fields whose names it does not know.
func (c *Client) verifyCreated(op string, a inventory.NewAsset, body map[string]any, row *hostRow) error {
	want := inventory.Patch{ID: a.ID, Name: &a.Name, Address: &a.Address, Labels: a.Labels, Protocols: a.Protocols}
	if len(a.NodeIDs) > 1 {
		want.NodeIDs = a.NodeIDs
	}
	_, domain := body["domain"]
	if _, zone := body["zone"]; zone || domain {
		want.Zone = &a.Zone
	}
	active := !a.Inactive
	want.Active = &active
	if n := row.AccountsAmount; n != nil && *n < len(a.Accounts) {
		return newError(inventory.Invalid, fmt.Sprintf("jumpserver: %s: it has %d accounts instead of %d", op, *n, len(a.Accounts)), errNotApplied)
	}
	return c.verifyPatched(op, want, row)
}

// validateNewAsset refuses what JumpServer is known to refuse, to answer with a 500, or to change.
func validateNewAsset(op string, a inventory.NewAsset) error {
	if !isUUID(a.ID) {
		return newInvalidError(op, "the id %s is not a UUID", quote(a.ID))
	}
	if len(a.NodeIDs) == 0 {
		return newInvalidError(op, "it has no node")
	}
	for _, id := range a.Accounts {
		if !isUUID(id) { // JumpServer answers it with a 500
			return newInvalidError(op, "the account template's id %s is not a UUID", quote(id))
		}
	}
	return validateFields(op, inventory.Patch{Name: &a.Name, Address: &a.Address, Zone: &a.Zone, Labels: a.Labels, NodeIDs: a.NodeIDs, Protocols: a.Protocols})
}

func validateFields(op string, p inventory.Patch) error {
	if p.Name != nil && (*p.Name != strings.TrimSpace(*p.Name) || !isWithinLength(*p.Name, maxNameLen)) {
		return newInvalidError(op, "the name %s must have 1 to %d characters and no spaces at its ends", quote(*p.Name), maxNameLen)
	}
	if p.Address != nil && !isWithinLength(*p.Address, maxAddressLen) {
		return newInvalidError(op, "the address must have 1 to %d characters", maxAddressLen)
	}
	if p.Zone != nil && *p.Zone != "" && !isUUID(*p.Zone) {
		return newInvalidError(op, "the zone %s is not a UUID", quote(*p.Zone))
	}
	for _, id := range p.NodeIDs {
		if !isUUID(id) {
			return newInvalidError(op, "the node's id %s is not a UUID", quote(id))
		}
	}
	if err := validateProtocols(op, p.Protocols); err != nil {
		return err
	}
	return validateLabels(op, p.Labels)
}

// isWithinLength reports whether a text has 1 to most characters, as JumpServer counts them.
func isWithinLength(text string, most int) bool {
	return text != "" && utf8.RuneCountInString(text) <= most
}

func validateLabels(op string, labels []inventory.Label) error {
	seen := map[inventory.Label]bool{}
	for _, l := range labels {
		// JumpServer splits at the first colon, so a name cannot have one.
		if !isWithinLength(l.Name, maxLabelLen) || strings.Contains(l.Name, ":") || utf8.RuneCountInString(l.Value) > maxLabelLen {
			return newInvalidError(op, "the label %s must have a name without a colon, and at most %d characters on each side", quote(l.String()), maxLabelLen)
		}
		if seen[l] {
			return newInvalidError(op, "the label %s is there twice", quote(l.String()))
		}
		seen[l] = true
	}
	return nil
}

func newInvalidError(op, format string, args ...any) error {
	return newError(inventory.Invalid, "jumpserver: "+op+": "+fmt.Sprintf(format, args...), nil)
}

func labelTexts(labels []inventory.Label) []string {
	texts := make([]string, len(labels))
	for i, l := range labels {
		texts[i] = l.String()
	}
	return texts
}

// assetTexts returns the texts of a new host that may have any character, besides its name.
func assetTexts(a inventory.NewAsset) []string {
	return append(labelTexts(a.Labels), a.Address, a.Comment)
}
