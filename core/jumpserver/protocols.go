package jumpserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

const maxPort = 65535

type protocolRow struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

// protocolRows returns protocols as JumpServer takes them.
func protocolRows(protocols []inventory.Protocol) []protocolRow {
	rows := make([]protocolRow, 0, len(protocols))
	for _, p := range protocols {
		rows = append(rows, protocolRow(p))
	}
	return rows
}

// internProtocols returns a row's protocols, one copy for all hosts that have the same ones. nil = the row has none, or
// they were not asked for.
func (r *rowConverter) internProtocols(rows []protocolRow) []inventory.Protocol {
	if rows == nil {
		return nil
	}
	text := fmt.Sprint(rows)
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, is := r.protocols[text]; is {
		return known
	}
	protocols := make([]inventory.Protocol, 0, len(rows))
	for _, row := range rows {
		protocols = append(protocols, inventory.Protocol(row))
	}
	if r.protocols == nil {
		r.protocols = map[string][]inventory.Protocol{}
	}
	r.protocols[text] = protocols
	return protocols
}

// sameProtocols reports whether a row has these protocols, in any order.
func sameProtocols(want []inventory.Protocol, rows []protocolRow) bool {
	wanted := protocolRows(want)
	rows = slices.Clone(rows)
	for _, list := range [][]protocolRow{wanted, rows} {
		sorting.By(list, func(x, y protocolRow) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	}
	return slices.Equal(wanted, rows)
}

// validateProtocols refuses what JumpServer refuses, answers with a 500, or keeps although nobody can use it. nil is the
// platform's own protocols, or leaves them.
func validateProtocols(op string, protocols []inventory.Protocol) error {
	if protocols != nil && len(protocols) == 0 {
		return newInvalidError(op, "it would have no protocol")
	}
	seen := map[string]bool{}
	for _, p := range protocols {
		if p.Name == "" || seen[p.Name] || p.Port < 1 || p.Port > maxPort {
			return newInvalidError(op, "the protocol %s:%d must have a name, once, and a port from 1 to %d", quote(p.Name), p.Port, maxPort)
		}
		seen[p.Name] = true
	}
	return nil
}
