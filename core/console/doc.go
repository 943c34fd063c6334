// Package console serves the console: the estate in a browser, and the approval of what is held. It knows no cloud and no
// configuration file: a Backend answers, package login says who asks, and package web has the page.
//
// # Requests
//
// Every answer is JSON; testdata has an example of each. A time is RFC 3339, a list is never null, and a field is only ever
// added. A request that fails is answered with a Problem and its HTTP status. GET only reads: whatever writes, signs in or
// reaches out to others by somebody's order is a POST.
//
//	GET  /api/me                     Me                 also where nobody is signed in
//	GET  /api/overview               Overview           viewer, as all below
//	GET  /api/runs?days=7            Runs
//	GET  /api/runs/{id}              Run
//	GET  /api/held                   Held
//	GET  /api/held/{hash}            HeldDetail
//	GET  /api/explain?q=…&lang=zh    Explained          reads clouds and JumpServer, some seconds
//	GET  /api/config                 Config
//	GET  /api/pause                  PauseState
//	GET  /api/audit?days=7           Audit
//	POST /api/doctor {}              Doctor             writes and removes one probe object in the store
//	POST /api/plan PlanOrder         events             a dry run; the last event is PlanResult
//	POST /api/plan/{id}/apply        events             approver; body ApplyOrder, the last event is ApplyResult
//	POST /api/held/{hash}/approve    HeldResult         approver; body HeldOrder
//	POST /api/held/{hash}/reject     HeldResult         approver; body HeldOrder
//	POST /api/pause                  PauseState         approver; body PauseOrder
//	POST /api/resume {}              PauseState         approver
//	POST /api/link LinkOrder         HeldDetail         no session: the link of a card
//	POST /api/link/approve LinkOrder HeldResult         no session: the link of a card
//	POST /login/token {"token":…}    Me                 where Me.Login is "token"
//	POST /login/start {}             {"redirect":"…"}   otherwise: the browser goes there
//	GET  /login/callback             303 to / or /#/login/failed?code=…
//	POST /logout {}                  Me
//
// The path /approve serves the page too: the link of a card is /approve#<what LinkOrder.Link takes>. Everything else is a
// file of package web.
//
// A POST needs Content-Type application/json, an Origin of the console's own and, where a session is needed, the header
// X-CSRF-Token with Me.CSRF.
//
// # Events
//
// POST /api/plan and its apply answer with text/event-stream: stage (Stage), progress (Progress), rows (PlanRows), then
// either result or error (Problem). Each has one line of data. A line that begins with a colon says nothing: the run is
// still at work. A plan ends with its request; an apply goes on where the browser went away, and the audit log says how it ended.
package console
