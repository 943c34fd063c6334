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

// What JumpServer takes; longer ones are refused or (label values) a 500.
const (
	maxNameLen    = 128
	maxAddressLen = 767
	maxLabelLen   = 64
)

// Create makes one host with the given id under the node NodeID. existed tells that an asset with this
// id is in this organisation already; it is left as it is. Where an earlier try of this very call was carried
// out although its answer got lost, the host counts as made by it.
//
// An error is inventory.ErrNodeGone where there is no such node. Errors are of kind NameTaken, Conflict (the id
// exists where this client cannot see it), Limit (no room for more assets), Invalid (JumpServer or its rules refuse
// a value; where they are known, without a call), Unanswered (the host may have been made, or still be) or those of every call.
func (c *Client) Create(ctx context.Context, a inventory.NewAsset) (existed bool, err error) {
	op := "create host " + a.Name
	if err := validateNewAsset(op, a); err != nil {
		return false, err
	}
	unsure := false
	existed, there, said, err := c.postHostOnce(ctx, op, a, &unsure)
	if said.isOutdatedPlatform() {
		if _, err := c.refreshFacts(ctx, c.cachedFacts.Load()); err != nil {
			return false, err
		}
		existed, there, said, err = c.postHostOnce(ctx, op, a, &unsure)
	}
	if there {
		return existed, nil
	}
	if said == nil {
		return false, err
	}
	// After a lost answer, a name that is taken may be taken by the host of that try.
	if said.hasKey("id") || unsure && said.hasKey("name") {
		existed, err := c.explainTakenID(ctx, op, a, unsure)
		if said.hasKey("id") || inventory.KindOf(err) != inventory.Conflict {
			return existed, err
		}
	}
	return false, createError(op, a.Name, err, said)
}

// postHost sends the host, with what is known of nodes and platforms now. said is JumpServer's 400
// to the host itself, not to what was asked on the way; nil for anything else.
func (c *Client) postHost(ctx context.Context, op string, a inventory.NewAsset, unsure *bool) (said *apiError, err error) {
	body, err := c.createBody(ctx, op, a)
	if err != nil {
		return nil, err
	}
	var row hostRow
	err = c.doCall(ctx, apiCall{op: op, method: http.MethodPost, path: apiHosts, body: body, read: decodeInto(&row, "id"), maybeDone: unsure, size: writeSize{creations, 1},
		onFirst500: func(ctx context.Context) error { return c.explainServerError(ctx, op, a.ID, a.Name, assetTexts(a)...) }})
	if err != nil {
		return asBadRequest(err), err
	}
	return nil, c.verifyCreated(op, a, body, &row)
}

// postHostOnce is create, and after a lost answer looks for the host before it sends it again; there tells that it was
// found so, and existed is that of Create.
func (c *Client) postHostOnce(ctx context.Context, op string, a inventory.NewAsset, unsure *bool) (existed, there bool, said *apiError, err error) {
	for posts := 1; ; posts++ {
		said, err = c.postHost(ctx, op, a, unsure)
		if inventory.KindOf(err) != inventory.Unanswered {
			return false, false, said, err
		}
		existed, there, sure := c.waitForHost(ctx, a, err)
		switch {
		case there:
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

// waitForHost looks whether a host that was sent without an answer comes to be there, until JumpServer has had the time
// to make it. existed is that of Create. sure is false where the time was too short, or the last look failed.
func (c *Client) waitForHost(ctx context.Context, a inventory.NewAsset, lost error) (existed, there, sure bool) {
	var e *inventory.Error
	errors.As(lost, &e) // it is one, having a kind
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
		found, err := c.AssetsByID(ctx, []string{a.ID})
		known = err == nil
		if known && len(found) > 0 {
			return !matchesCreated(a, found[0]), true, true
		}
	}
	return false, false, known
}

// matchesCreated reports whether an asset is as a create of it leaves it.
func matchesCreated(a inventory.NewAsset, found inventory.Asset) bool {
	return found.Name == a.Name && found.Address == a.Address && found.Active && found.Platform == a.Platform && sameLabels(found.Labels, a.Labels)
}

// isOutdatedPlatform reports whether somebody made the platform anew since we learnt of it.
func (r *apiError) isOutdatedPlatform() bool {
	return r != nil && r.hasKey("platform") && !r.hasKey("id") && !r.hasKey("nodes")
}

// createError gives a 400 on a host the kind that tells what to do about it.
func createError(op, name string, err error, said *apiError) error {
	switch {
	case said.isOverLimit():
		return newError(inventory.Limit, "jumpserver: "+op+": JumpServer takes no more assets", said)
	case said.hasKey("name"):
		return newError(inventory.NameTaken, "jumpserver: "+op+": the name "+quote(name)+" is taken by another asset", said)
	case said.hasKey("nodes"):
		return newError(inventory.Invalid, "jumpserver: "+op, fmt.Errorf("%w: %w", inventory.ErrNodeGone, said))
	}
	return err
}

// explainTakenID says what a 400 on the id means, which proves nothing by itself.
func (c *Client) explainTakenID(ctx context.Context, op string, a inventory.NewAsset, unsure bool) (bool, error) {
	found, err := c.AssetsByID(ctx, []string{a.ID})
	if err != nil {
		return false, err
	}
	if len(found) == 0 {
		return false, newError(inventory.Conflict, "jumpserver: "+op+": the id "+a.ID+" exists in another organisation", nil)
	}
	return !unsure || !matchesCreated(a, found[0]), nil
}

// createBody is the body of the POST.
func (c *Client) createBody(ctx context.Context, op string, a inventory.NewAsset) (map[string]any, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	p, ok := f.platforms[a.Platform]
	if !ok {
		return nil, newError(inventory.Invalid, "jumpserver: "+op+": JumpServer has no host platform "+quote(a.Platform), nil)
	}
	body := map[string]any{
		"id": a.ID, "name": a.Name, "address": a.Address, "platform": p.ID, "protocols": p.protocols,
		"nodes": []string{a.NodeID}, "labels": labelTexts(a.Labels), "comment": a.Comment, "is_active": true,
	}
	if a.Zone != "" && p.SupportsZones {
		zone, err := c.zoneFieldName(ctx, f)
		if err != nil {
			return nil, err // a host outside its zone would be asked for by another way
		}
		body[zone] = a.Zone
	}
	return body, nil
}

// verifyCreated compares the answer with what was asked for: JumpServer drops a zone that the
// platform does not allow, and a field whose name it does not know, without a word.
func (c *Client) verifyCreated(op string, a inventory.NewAsset, body map[string]any, row *hostRow) error {
	want := inventory.Patch{ID: a.ID, Name: &a.Name, Address: &a.Address, Labels: a.Labels}
	_, domain := body["domain"]
	if _, zone := body["zone"]; zone || domain {
		want.Zone = &a.Zone
	}
	active := true
	want.Active = &active
	return c.verifyPatched(op, want, row)
}

// validateNewAsset refuses what JumpServer is known to refuse, to answer with a 500, or to change.
func validateNewAsset(op string, a inventory.NewAsset) error {
	if !isUUID(a.ID) {
		return newInvalidError(op, "the id %s is not a UUID", quote(a.ID))
	}
	if !isUUID(a.NodeID) {
		return newInvalidError(op, "the node's id %s is not a UUID", quote(a.NodeID))
	}
	return validateFields(op, inventory.Patch{Name: &a.Name, Address: &a.Address, Zone: &a.Zone, Labels: a.Labels})
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
	return validateLabels(op, p.Labels)
}

// isWithinLength tells whether a text has 1 to most characters, as JumpServer counts them.
func isWithinLength(text string, most int) bool {
	return text != "" && utf8.RuneCountInString(text) <= most
}

func validateLabels(op string, labels []inventory.Label) error {
	seen := map[inventory.Label]bool{}
	for _, l := range labels {
		// JumpServer splits at the first colon, so that a name cannot hold one.
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

// assetTexts are the texts of a new host that may hold any sign, beside its name.
func assetTexts(a inventory.NewAsset) []string {
	return append(labelTexts(a.Labels), a.Address, a.Comment)
}
