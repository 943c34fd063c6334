package cloud

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Interner keeps one copy of each text, and of facts, that many instances share. The zero value is ready. It is safe for
// concurrent use.
type Interner struct {
	mu    sync.Mutex
	texts map[string]string
	facts map[string]*inventory.Facts
	key   []byte // of the facts that are looked for
}

// internerKey marks the interner in a context.
type internerKey struct{}

// withInterner returns a context in which all listings share one interner: a fleet's regions mostly have the same types,
// images and tags, and one of each region would hold them all as many times until the last page is read.
func withInterner(ctx context.Context) context.Context {
	return context.WithValue(ctx, internerKey{}, &Interner{})
}

// InternerOf returns the interner of a run's listings, or a new one.
func InternerOf(ctx context.Context) *Interner {
	shared, is := ctx.Value(internerKey{}).(*Interner)
	if is {
		return shared
	}
	return &Interner{}
}

// InternRows is InternRow for each row.
func (in *Interner) InternRows(rows []inventory.Instance) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for i := range rows {
		in.internRow(&rows[i])
	}
}

// InternRow replaces the texts and the facts of a row by the kept copies, and keeps those that are new.
func (in *Interner) InternRow(row *inventory.Instance) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.internRow(row)
}

func (in *Interner) internRow(row *inventory.Instance) {
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
const maxSharedFacts = 1 << 14

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
