package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/language"
)

// maxReason is how many characters a reason may have.
const maxReason = 200

// auditTimeout is how long the end of an act may take to be written, also where the browser went away meanwhile.
const auditTimeout = 10 * time.Second

// act carries out an order. It is written to the audit log before: what cannot be written there is not done.
func (h *handler) act(r *http.Request, e AuditEntry, do func(by Person) (any, error)) (any, error) {
	session := sessionOf(r)
	by := Person{ID: session.ID, Name: session.Name, Role: h.roleOf(session)}
	return h.actAs(r, by, e, do)
}

func (h *handler) actAs(r *http.Request, by Person, e AuditEntry, do func(by Person) (any, error)) (any, error) {
	end, err := h.beginAct(r, by, e)
	if err != nil {
		return nil, err
	}
	document, err := do(by)
	end(err)
	return document, err
}

// beginAct writes that somebody is about to act. end writes how it ended.
func (h *handler) beginAct(r *http.Request, by Person, e AuditEntry) (end func(error), err error) {
	if !h.backend.About(r.Context()).Store {
		return nil, newFailure(http.StatusServiceUnavailable, CodeNoStore,
			language.New("没有状态存储（JMS_SYNC_STATE），控制台什么都不能做，只能看", "there is no state store (JMS_SYNC_STATE): the console can show, and not act"))
	}
	e = h.newEntry(r, by, e)
	e.Outcome = "intent"
	if err := h.backend.RecordAudit(r.Context(), e); err != nil {
		return nil, NewFailure(http.StatusServiceUnavailable, CodeAudit,
			language.New("写不进审计记录，什么都没有做", "the audit log cannot be written, and nothing was done"), err)
	}
	return func(failed error) {
		e.Outcome = "done"
		if failed != nil {
			f := failureOf(failed)
			e.Outcome, e.Error = "failed", h.Scrub(strings.TrimSpace(f.EN+" "+f.Detail))
		}
		h.endEntry(r, e)
	}, nil
}

// newEntry returns an entry of a request.
func (h *handler) newEntry(r *http.Request, by Person, e AuditEntry) AuditEntry {
	e.At = h.Now().UTC()
	e.ID = e.At.Format("20060102T150405.000Z") + "-" + strings.ToLower(rand.Text()[:10])
	e.Who, e.Name, e.Role = by.ID, by.Name, by.Role
	e.From, e.Agent = h.caller(r), shorten(r.UserAgent(), maxReason)
	return e
}

// endEntry writes how an act ended. An act whose end cannot be written is one whose intent stands alone.
func (h *handler) endEntry(r *http.Request, e AuditEntry) {
	ended := h.Now().UTC()
	e.EndedAt = &ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), auditTimeout)
	defer cancel()
	if err := h.backend.RecordAudit(ctx, e); err != nil {
		h.Log.Error("the end of an act is not in the audit log", "id", e.ID, "action", e.Action, "target", e.Target, "outcome", e.Outcome, "error", err)
	}
}

// note writes an entry of what acts on nothing: a sign-in, or an act that was refused. Where that fails, the log has it.
func (h *handler) note(r *http.Request, by Person, e AuditEntry) {
	h.Log.Info("console", "who", by.ID, "action", e.Action, "outcome", e.Outcome, "target", e.Target, "from", h.caller(r))
	if h.backend.About(r.Context()).Store {
		h.endEntry(r, h.newEntry(r, by, e))
	}
}

func (h *handler) auditRefused(r *http.Request) {
	s := sessionOf(r)
	h.note(r, Person{ID: s.ID, Name: s.Name, Role: h.roleOf(s)}, AuditEntry{Action: "refused", Target: shorten(r.URL.Path, maxReason), Outcome: "refused"})
}

// wholeHash returns the hash of a request's path, which must be whole: an order is about one set.
func wholeHash(r *http.Request) (string, error) {
	hash := r.PathValue("hash")
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(hash) {
		return "", newFailure(http.StatusBadRequest, CodeBadRequest, language.New("哈希应为 64 个十六进制字符", "the hash must have 64 hexadecimal characters"))
	}
	return hash, nil
}

// heldOrder reads an order about a set.
func heldOrder(r *http.Request, needsReason bool) (hash string, o HeldOrder, err error) {
	hash, err = wholeHash(r)
	if err == nil {
		err = readBody(r, &o)
	}
	if err == nil {
		o.Reason, err = checkReason(o.Reason, needsReason)
	}
	return hash, o, err
}

func checkReason(text string, needed bool) (string, error) {
	text = strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text))
	if needed && text == "" {
		return "", newFailure(http.StatusBadRequest, CodeBadRequest, language.New("请写明原因", "give a reason"))
	}
	if utf8.RuneCountInString(text) > maxReason {
		return "", newFailure(http.StatusBadRequest, CodeBadRequest, language.Newf("原因最多 %d 个字符", "a reason has at most %d characters", maxReason))
	}
	return text, nil
}

func (h *handler) approve(r *http.Request) (any, error) {
	hash, o, err := heldOrder(r, false)
	if err != nil {
		return nil, err
	}
	return h.act(r, AuditEntry{Action: "approve", Target: hash, Detail: detailOf(o)}, func(by Person) (any, error) {
		return h.backend.Approve(r.Context(), by, hash, o)
	})
}

func (h *handler) reject(r *http.Request) (any, error) {
	hash, o, err := heldOrder(r, true)
	if err != nil {
		return nil, err
	}
	return h.act(r, AuditEntry{Action: "reject", Target: hash, Detail: detailOf(o)}, func(by Person) (any, error) {
		return h.backend.Reject(r.Context(), by, hash, o)
	})
}

func detailOf(o HeldOrder) string {
	return strings.TrimSpace(fmt.Sprintf("%d assets %s", o.Assets, o.Reason))
}

// maxPause is how long a pause may last, as that of the command.
const maxPause = 366 * 24 * time.Hour

func (h *handler) setPause(r *http.Request) (any, error) {
	var o PauseOrder
	err := readBody(r, &o)
	if err == nil {
		o.Reason, err = checkReason(o.Reason, false)
	}
	if err != nil {
		return nil, err
	}
	now := h.Now()
	until := "resume"
	switch {
	case o.Until == nil && !o.Removals:
		return nil, newFailure(http.StatusBadRequest, CodeBadRequest, language.New("暂停全部写入要写明到什么时候", "a pause of all writes needs its end"))
	case o.Until != nil && (!o.Until.After(now) || o.Until.Sub(now) > maxPause):
		return nil, newFailure(http.StatusBadRequest, CodeBadRequest, language.New("结束的时间应在今后 366 天之内", "the end must be within the next 366 days"))
	case o.Until != nil:
		until = o.Until.UTC().Format(time.RFC3339)
	}
	what := "all"
	if o.Removals {
		what = "removals"
	}
	return h.act(r, AuditEntry{Action: "pause", Target: what, Detail: strings.TrimSpace("until " + until + " " + o.Reason)}, func(by Person) (any, error) {
		return h.backend.SetPause(r.Context(), by, o)
	})
}

func (h *handler) resume(r *http.Request) (any, error) {
	if err := readBody(r, &struct{}{}); err != nil {
		return nil, err
	}
	return h.act(r, AuditEntry{Action: "resume"}, func(by Person) (any, error) { return h.backend.Resume(r.Context(), by) })
}

// shorten returns the beginning of a text in so many characters, without control characters.
func shorten(text string, most int) string {
	var out strings.Builder
	n := 0
	for _, c := range text {
		if n == most {
			break
		}
		if !unicode.IsControl(c) && c != utf8.RuneError {
			out.WriteRune(c)
			n++
		}
	}
	return out.String()
}

func applyDetail(o ApplyOrder) string {
	rows := len(o.Rows)
	for _, r := range o.Ranges {
		rows += max(r[1]-r[0]+1, 0)
	}
	return fmt.Sprintf("%d rows, %d held", rows, o.Held)
}
