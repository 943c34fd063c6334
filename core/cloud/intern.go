package cloud

import (
	"encoding/binary"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Interner keeps one copy of each text, and of facts, that many instances of a listing share. The zero value is ready.
type Interner struct {
	texts  map[string]string
	facts  map[string]*inventory.Facts
	shared *SharedFacts // nil = facts of this interner alone
	key    []byte       // of the facts that are looked for
}

// NewInterner returns the interner of one listing of an account.
func NewInterner(a Account) Interner { return Interner{shared: a.SharedFacts} }

// SharedFacts are the facts that the listings of one fleet share, which are read side by side. The zero value is ready.
type SharedFacts struct {
	mu    sync.Mutex
	known map[string]*inventory.Facts
}

// find returns the facts with a key that another listing has found, or else these, which it keeps if they are not too many.
func (s *SharedFacts) find(key []byte, f *inventory.Facts) *inventory.Facts {
	if s == nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, met := s.known[string(key)]; met {
		return known
	}
	if s.known == nil {
		s.known = map[string]*inventory.Facts{}
	}
	if len(s.known) < maxSharedFacts {
		s.known[string(key)] = f
	}
	return f
}

// InternRows is InternRow for each row.
func (in *Interner) InternRows(rows []inventory.Instance) {
	for i := range rows {
		in.InternRow(&rows[i])
	}
}

// InternRow replaces the texts and the facts of a row by the kept copies, and keeps those that are new.
func (in *Interner) InternRow(row *inventory.Instance) {
	if in.texts == nil {
		in.texts = map[string]string{}
	}
	for _, text := range [...]*string{&row.Region, &row.OSType, &row.OSName, &row.Status, &row.Type, &row.VPC, &row.Project} {
		in.intern(text)
	}
	if row.Facts != nil {
		row.Facts = in.internFacts(row.Facts)
	}
}

func (in *Interner) intern(text *string) {
	if known, met := in.texts[*text]; met {
		*text = known
	} else {
		in.texts[*text] = *text
	}
}

// maxSharedFacts bounds how many different facts are looked for: where there are more, hardly any are shared.
const maxSharedFacts = 4096

// internFacts returns the same facts of an earlier row, or these. Hardly two instances were made in the same second, so that
// those with times are not looked for.
func (in *Interner) internFacts(f *inventory.Facts) *inventory.Facts {
	if !f.CreatedAt.IsZero() || !f.ExpiresAt.IsZero() {
		in.internFactTexts(f)
		return f
	}
	in.key = appendFactsKey(in.key[:0], f)
	if known, met := in.facts[string(in.key)]; met {
		return known
	}
	in.internFactTexts(f)
	f = in.shared.find(in.key, f)
	if in.facts == nil {
		in.facts = map[string]*inventory.Facts{}
	}
	if len(in.facts) < maxSharedFacts {
		in.facts[string(in.key)] = f
	}
	return f
}

func (in *Interner) internFactTexts(f *inventory.Facts) {
	for _, text := range [...]*string{&f.Status, &f.Zone, &f.Subnet, &f.ResourceGroup, &f.Image, &f.Charge} {
		in.intern(text)
	}
	for n := range f.Groups {
		in.intern(&f.Groups[n])
	}
	for n := range f.Tags {
		in.intern(&f.Tags[n].Key)
		in.intern(&f.Tags[n].Value)
	}
}

// appendFactsKey adds all of the facts but the times, so that different ones never give the same.
func appendFactsKey(to []byte, f *inventory.Facts) []byte {
	for _, text := range [...]string{f.Status, f.Zone, f.Subnet, f.ResourceGroup, f.Image, f.Charge} {
		to = appendKeyText(to, text)
	}
	unread := uint64(f.Unread) << 1
	if f.TagsUnread {
		unread |= 1
	}
	for _, number := range [...]uint64{uint64(f.Elastic), unread, uint64(len(f.Groups))} {
		to = binary.AppendUvarint(to, number)
	}
	for _, group := range f.Groups {
		to = appendKeyText(to, group)
	}
	for _, tag := range f.Tags {
		to = appendKeyText(appendKeyText(to, tag.Key), tag.Value)
	}
	return to
}

func appendKeyText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}
