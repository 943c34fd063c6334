package main

// consoleMutants: nothing acts in the console but an order of an approver, from the console's own page, that is in the audit
// log.
func consoleMutants() []mutant {
	const console = "./core/console"
	return []mutant{{
		name: "console: a viewer does not act", file: "core/console/guard.go",
		old: "if role == Nobody || least == Approver && role != Approver {", broken: "if role == Nobody {", pkg: console, test: "TestOrdersAreTheirs",
	}, {
		name: "console: an order carries the token of its session", file: "core/console/guard.go",
		old: "if r.Method == http.MethodPost && !h.Sessions.CheckCSRF(", broken: "if r.Method == http.MethodPut && !h.Sessions.CheckCSRF(", pkg: console, test: "TestOrdersAreTheirs",
	}, {
		name: "console: no other site orders", file: "core/console/guard.go",
		old: "case !slices.Contains(h.Origins, r.Header.Get(\"Origin\")), site != \"\" && site != \"same-origin\":", broken: "case site == \"cross-site\" && !slices.Contains(h.Origins, \"\"):",
		pkg: console, test: "TestOrdersAreTheirs",
	}, {
		name: "console: a form is no order", file: "core/console/guard.go",
		old: "case err != nil || kind != \"application/json\":", broken: "case err != nil || kind == \"\":", pkg: console, test: "TestOrdersAreTheirs",
	}, {
		name: "console: another name for the address is refused", file: "core/console/guard.go",
		old: "if !h.AnyHost && !hosts[r.Host] {", broken: "if h.AnyHost && !hosts[r.Host] {", pkg: console, test: "TestOrdersAreTheirs",
	}, {
		name: "console: what the audit log does not take is not done", file: "core/console/orders.go",
		old: "\tif err := h.backend.RecordAudit(r.Context(), e); err != nil {\n\t\treturn nil, NewFailure(", broken: "\tif err := h.backend.RecordAudit(r.Context(), e); err != nil && false {\n\t\treturn nil, NewFailure(",
		pkg: console, test: "TestOrdersAreTheirs",
	}, {
		name: "console: a session ends", file: "core/console/login/session.go",
		old: "|| !s.now().Before(found.Expires)", broken: "|| found.Expires.IsZero()", pkg: console, test: "TestOrdersAreTheirs",
	}, {
		name: "console: a link ends", file: "core/console/link/link.go",
		old: "err != nil || now.Unix() >= end", broken: "err != nil || now.IsZero() && end > 0", pkg: console, test: "TestLinks",
	}, {
		name: "console: a link is for one set", file: "core/console/link/link.go",
		old: "!hmac.Equal(given, sum(key, link[:at]))", broken: "len(given) == 0 || !hmac.Equal(nil, nil)", pkg: console, test: "TestLinks",
	}, {
		name: "console: the sign-in ends in the browser that began it", file: "core/console/login/provider.go",
		old: "return f, known && subtle.ConstantTimeCompare([]byte(given), []byte(f.State)) == 1", broken: "return f, known && given != \"\" || known && subtle.ConstantTimeCompare(nil, nil) == 0", pkg: console, test: "TestSignIn",
	}, {
		name: "console: an address counts where the provider verified it", file: "core/console/login/oidc.go",
		old: "if isTrue(claims[\"email_verified\"]) {", broken: "if isTrue(claims[\"email_verified\"]) || email == \"\" {", pkg: "./core/console/login", test: "TestOIDC",
	}, {
		name: "console: an ID token is for this sign-in", file: "core/console/login/oidc.go",
		old: "if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(f.Nonce)) != 1 {", broken: "if verified.Nonce == \"\" && subtle.ConstantTimeCompare(nil, nil) == 1 {", pkg: "./core/console/login", test: "TestOIDC",
	}, {
		name: "console: a held row is made only where its number was said", file: "core/console/backend/plan.go",
		old: "if held != o.Held {", broken: "if held < o.Held {", pkg: "./core/console/backend", test: "TestApply",
	}, {
		name: "console: an order is about the assets that a person saw", file: "core/console/backend/held.go",
		old: "case o.Assets != len(set.Removals):", broken: "case o.Assets > len(set.Removals):", pkg: "./core/console/backend", test: "TestApprovalToRemoval",
	}}
}
