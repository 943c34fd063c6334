package console

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/language"
)

// linkPerson is who acts by the link of a card: nobody knows who holds it.
func linkPerson() Person { return Person{ID: "link", Name: "link", Role: Approver} }

// openLink returns the hash of the set that a request's link is for.
func (h *handler) openLink(r *http.Request) (hash string, o LinkOrder, err error) {
	if !h.ApprovalLink {
		return "", o, newFailure(http.StatusNotFound, CodeLinkOff, language.New("没有允许用链接批准（console.approval.link），请登录", "links may not approve here (console.approval.link): sign in"))
	}
	wait, ok := h.limits.linkUses.Allow(h.caller(r))
	if !ok {
		return "", o, tooMany(wait)
	}
	if err := readBody(r, &o); err != nil {
		return "", o, err
	}
	hash, genuine, expired := h.Sessions.OpenLink(o.Link)
	switch {
	case !genuine:
		h.note(r, linkPerson(), AuditEntry{Action: "link", Outcome: "refused"})
		return "", o, newFailure(http.StatusForbidden, CodeLink, language.New("链接不完整或不是控制台发出的", "the link is cut, or not one of the console"))
	case expired:
		return "", o, newFailure(http.StatusGone, CodeExpired, language.New("链接已过期（一小时内有效），请登录", "the link is over (it serves for an hour): sign in"))
	}
	return hash, o, nil
}

func (h *handler) showLink(r *http.Request) (any, error) {
	hash, _, err := h.openLink(r)
	if err != nil {
		return nil, err
	}
	return h.backend.HeldSet(r.Context(), hash)
}

func (h *handler) approveLink(r *http.Request) (any, error) {
	hash, o, err := h.openLink(r)
	if err != nil {
		return nil, err
	}
	order := HeldOrder{Assets: o.Assets}
	return h.actAs(r, linkPerson(), AuditEntry{Action: "approve", Target: hash, Detail: detailOf(order) + " by link"}, func(by Person) (any, error) {
		return h.backend.Approve(r.Context(), by, hash, order)
	})
}
