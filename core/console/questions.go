package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// me answers who asks.
func (h *handler) me(r *http.Request) (any, error) {
	session, found := h.Sessions.Read(r)
	about := h.backend.About(r.Context())
	m := Me{Login: h.Login, Language: about.Language, Zone: about.Zone, Version: h.Version}
	if found {
		m.Role = h.roleOf(session)
	}
	if m.Role == Nobody {
		return m, nil
	}
	m.SignedIn, m.ID, m.Name, m.CSRF, m.Expires = true, session.ID, session.Name, h.Sessions.CSRF(session), &session.Expires
	m.Server, m.Organisation, m.Environment, m.Store = about.Server, about.Organisation, about.Environment, about.Store
	return m, nil
}

// defaultDays is how many days of history are shown unless more are asked for; maxDays is how long it is kept.
const (
	defaultDays = 7
	maxDays     = 180
)

// daysOf returns the number of days that a request asks for.
func daysOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("days")
	if text == "" {
		return defaultDays, nil
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 || days > maxDays {
		return 0, newFailure(http.StatusBadRequest, CodeBadRequest, language.Newf("days 应为 1 到 %d", "days must be 1 to %d", maxDays))
	}
	return days, nil
}

func (h *handler) runs(r *http.Request) (any, error) {
	days, err := daysOf(r)
	if err != nil {
		return nil, err
	}
	return h.backend.Runs(r.Context(), days)
}

func (h *handler) audit(r *http.Request) (any, error) {
	days, err := daysOf(r)
	if err != nil {
		return nil, err
	}
	return h.backend.Audit(r.Context(), days)
}

// maxQuery is how long a question for an explanation may be.
const maxQuery = 200

func (h *handler) explain(r *http.Request) (any, error) {
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	if query == "" || len(query) > maxQuery {
		return nil, newFailure(http.StatusBadRequest, CodeBadRequest,
			language.Newf("q 应为实例 ID、资产 ID、名称或 IP，最多 %d 字节", "q must be the id of an instance or an asset, a name or an address, of at most %d bytes", maxQuery))
	}
	if err := h.askLimit(r); err != nil {
		return nil, err
	}
	return h.backend.Explain(r.Context(), query, r.URL.Query().Get("lang"))
}

func (h *handler) doctor(r *http.Request) (any, error) {
	if err := readBody(r, &struct{}{}); err != nil {
		return nil, err
	}
	if err := h.askLimit(r); err != nil {
		return nil, err
	}
	return h.backend.Doctor(r.Context())
}
