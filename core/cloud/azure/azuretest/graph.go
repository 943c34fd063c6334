package azuretest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// queryTemplates returns the understood queries without their ids. The emulator runs no KQL: a change of the query must be
// repeated here.
func queryTemplates() map[string]queryTemplate {
	of := func(table, machine, nic, address, more string) string {
		return fmt.Sprintf(`%[1]s | where type =~ '%[2]s' and tostring(properties.vmId) in~ (IDS) | project id, name, location, sku%[5]s, properties, machine = tolower(id)`+
			` | join kind=leftouter (%[1]s | where type =~ '%[3]s' | project nic = tolower(id), machine = tolower(tostring(properties.virtualMachine.id)), interface = properties) on machine`+
			` | join kind=leftouter (%[1]s | where type =~ '%[4]s' | project publicIP = tolower(id), nic = tostring(split(tolower(tostring(properties.ipConfiguration.id)), '/ipconfigurations/')[0]), address = properties) on nic`+
			` | project id, name, location, sku%[5]s, properties, nic, interface, publicIP, address`, table, machine, nic, address, more)
	}
	const set = "microsoft.compute/virtualmachinescalesets/virtualmachines"
	all := map[string]queryTemplate{}
	for _, more := range []string{"", moreColumns} {
		all[of("resources", "microsoft.compute/virtualmachines", "microsoft.network/networkinterfaces", "microsoft.network/publicipaddresses", more)] = queryTemplate{false, more != ""}
		all[of("computeresources", set, set+"/networkinterfaces", set+"/networkinterfaces/ipconfigurations/publicipaddresses", more)] = queryTemplate{true, more != ""}
	}
	return all
}

// moreColumns are those that a query names where rules read them.
const moreColumns = ", tags, zones"

// queryTemplate says what an understood query asks for: machines of uniform scale sets or ordinary ones, with moreColumns or
// without.
type queryTemplate struct{ inSets, more bool }

var idListPattern = regexp.MustCompile(`in~ \(('[0-9a-fA-F-]{36}'(?:, '[0-9a-fA-F-]{36}')*)\)`)

type graphRequest struct {
	Query         string   `json:"query"`
	Subscriptions []string `json:"subscriptions"`
	Options       struct {
		Format  string `json:"resultFormat"`
		Top     int    `json:"$top"`
		Skip    string `json:"$skipToken"`
		Partial *bool  `json:"allowPartialScopes"`
	} `json:"options"`
}

// answerGraph answers a query: what the caller may not read is missing, with HTTP 200.
func (s *Server) answerGraph(c *call, f Fault) (object, *apiError) {
	var asked graphRequest
	if err := json.NewDecoder(c.r.Body).Decode(&asked); err != nil {
		return nil, &apiError{http.StatusBadRequest, "BadRequest", err.Error()}
	}
	ids, query, err := asked.parseQuery()
	if err != nil {
		s.RecordUnexpected(c.r, c.action, err)
		return nil, &apiError{http.StatusBadRequest, "InvalidQuery", err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []object
	for _, id := range asked.Subscriptions {
		sub := s.subscriptions[strings.ToLower(id)]
		if sub != nil && sub.readers[c.principal.ClientID] && f.Kind != NoPermission {
			rows = append(rows, sub.graphRows(ids, query.inSets)...)
		}
	}
	for _, row := range rows {
		if !query.more {
			delete(row, "tags")
			delete(row, "zones")
		}
	}
	return s.graphPage(asked, rows, f), nil
}

func (q graphRequest) parseQuery() (ids []string, is queryTemplate, err error) {
	query := strings.Join(strings.Fields(q.Query), " ")
	found := idListPattern.FindStringSubmatch(query)
	if found == nil {
		return nil, is, fmt.Errorf("a query without ids: %s", query)
	}
	is, known := queryTemplates()[strings.Replace(query, found[1], "IDS", 1)]
	switch {
	case !known:
		return nil, is, fmt.Errorf("a query that is not understood: %s", query)
	case q.Options.Format != "objectArray" || q.Options.Top < 1 || q.Options.Top > 1000 || q.Options.Partial == nil || *q.Options.Partial || len(q.Subscriptions) != 1:
		return nil, is, fmt.Errorf("options %+v", q)
	}
	for id := range strings.SplitSeq(found[1], ", ") {
		ids = append(ids, strings.ToLower(strings.Trim(id, "'")))
	}
	if len(ids) > 100 {
		return nil, is, fmt.Errorf("%d ids", len(ids))
	}
	return ids, is, nil
}

func (s *Server) graphPage(q graphRequest, rows []object, f Fault) object {
	from, _ := strconv.Atoi(q.Options.Skip)
	to := min(from+min(q.Options.Top, s.options.PageSize), len(rows))
	page := rows[min(from, to):to]
	doc := object{"totalRecords": len(rows), "count": len(page), "data": append([]object{}, page...), "facets": []object{}, "resultTruncated": "false"}
	if to < len(rows) {
		doc["$skipToken"], doc["resultTruncated"] = strconv.Itoa(to), "true"
	}
	switch {
	case f.Kind == GraphCut:
		delete(doc, "$skipToken")
		doc["resultTruncated"] = "true"
	case f.Kind == RepeatedToken && from > 0:
		doc["$skipToken"] = q.Options.Skip
	case f.Kind == Endless:
		doc["$skipToken"], doc["resultTruncated"] = strconv.Itoa(len(rows)+from+1), "true"
	}
	return doc
}

// graphRows joins machines, interfaces and public addresses. The caller holds the lock.
func (a *Subscription) graphRows(ids []string, inSets bool) []object {
	hidden := a.hidden[QueryGraph]
	if a.graphSnapshot != nil {
		a = a.graphSnapshot
	}
	var all []placedVM
	for _, vm := range a.rows {
		all = append(all, placedVM{VM: vm})
	}
	if inSets {
		all = nil
		for _, set := range a.sets {
			all = append(all, set.placedVMs()...)
		}
	}
	slices.SortFunc(all, func(x, y placedVM) int { return strings.Compare(y.ID, x.ID) })
	var rows []object
	for _, p := range all {
		if slices.Contains(ids, strings.ToLower(p.ID)) && !hidden[p.ID] && (len(a.groups) == 0 || a.groups[p.Group]) {
			rows = append(rows, a.graphMachine(p)...)
		}
	}
	return rows
}

func (a *Subscription) graphMachine(p placedVM) (rows []object) {
	of := a.machine(p.VM)
	if p.set.Name != "" {
		of = a.setMachine(p)
	}
	doc, _ := of.doc.(object)
	row := func(nic, public listRow) object {
		out := object{"id": doc["id"], "name": doc["name"], "location": doc["location"], "sku": doc["sku"], "tags": doc["tags"], "zones": doc["zones"], "properties": doc["properties"],
			"nic": "", "interface": nil, "publicIP": "", "address": nil}
		for name, r := range map[string]listRow{"nic": nic, "publicIP": public} {
			if one, ok := r.doc.(object); ok {
				out[name] = strings.ToLower(one["id"].(string))
				out[map[string]string{"nic": "interface", "publicIP": "address"}[name]] = one["properties"]
			}
		}
		return out
	}
	for _, n := range p.NICs {
		if n.Hidden {
			continue
		}
		before := len(rows)
		for i, config := range n.Configs {
			if config.Public != "" {
				rows = append(rows, row(a.nic(p, n), a.address(p, n, i)))
			}
		}
		if len(rows) == before {
			rows = append(rows, row(a.nic(p, n), listRow{}))
		}
	}
	if len(rows) == 0 {
		rows = append(rows, row(listRow{}, listRow{}))
	}
	return rows
}
