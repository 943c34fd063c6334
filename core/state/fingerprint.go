package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Fingerprint returns a hash of all that a plan reads of a complete listing, and of a salt: the
// configuration that matters and the program's version. The order of instances does not count;
// that of an instance's addresses does, as the first is the asset's address. Status does not count either,
// but what it means does (Existence): stopping and starting changes nothing. The fingerprint of a failed listing is "", which
// equals nothing (see ScopeState.IsUnchanged).
func Fingerprint(l inventory.Listing, salt string) string {
	if !l.IsComplete() {
		return ""
	}
	digests := make([][sha256.Size]byte, len(l.Instances))
	var buffer []byte
	for n := range l.Instances {
		buffer = appendInstance(buffer[:0], &l.Instances[n])
		digests[n] = sha256.Sum256(buffer)
	}
	sorting.By(digests, func(x, y [sha256.Size]byte) int { return bytes.Compare(x[:], y[:]) })
	whole := sha256.New()
	head := appendText(nil, "jms-sync listing 1")
	for _, text := range []string{salt, string(l.Cloud), l.Account, l.Region, l.Owner} {
		head = appendText(head, text)
	}
	for _, text := range l.Projects {
		head = appendText(head, text)
	}
	if l.OwnerUnknown { // few listings are so; those of all others stay as earlier versions made them
		head = appendText(head, "account_id alone")
	}
	whole.Write(head) // writing to a hash never fails
	for n := range digests {
		whole.Write(digests[n][:])
	}
	return hashPrefix + hex.EncodeToString(whole.Sum(nil))
}

const hashPrefix = "sha256:"

// appendInstance adds every field of an instance that a plan reads; TestFingerprintHasEveryFieldThatAPlanReads
// compares it with all fields that there are.
func appendInstance(to []byte, i *inventory.Instance) []byte {
	for _, text := range [...]string{
		string(i.Cloud), i.Account, i.Region, i.Owner, i.ID, i.Name, i.HostName, i.OSType, i.OSName, i.Type, i.VPC, i.Project,
	} {
		to = appendText(to, text)
	}
	for _, list := range [...][]string{i.PrivateIPs, i.ClassicIPs, i.PublicIPs} {
		to = binary.AppendUvarint(to, uint64(len(list)))
		for _, text := range list {
			to = appendText(to, text)
		}
	}
	return appendMore(to, i)
}

// appendMore adds what few instances have, so that the fingerprints of all others stay as earlier versions made them: a
// byte says what follows. A status is read only where there is no address.
func appendMore(to []byte, i *inventory.Instance) []byte {
	const partial, hasIPv6s, hasNoAddress, existenceShift, hasFacts = 1, 2, 4, 3, 32
	head := byte(0)
	if i.AddressesPartial {
		head |= partial
	}
	head |= byte(i.Existence) << existenceShift
	if len(i.IPv6s) > 0 {
		head |= hasIPv6s
	}
	if i.Facts != nil {
		head |= hasFacts
	}
	if len(i.PrivateIPs)+len(i.ClassicIPs)+len(i.PublicIPs)+len(i.IPv6s) == 0 {
		head |= hasNoAddress
	}
	to = append(to, head)
	if head&hasIPv6s != 0 {
		to = binary.AppendUvarint(to, uint64(len(i.IPv6s)))
		for _, text := range i.IPv6s {
			to = appendText(to, text)
		}
	}
	if head&hasNoAddress != 0 {
		to = appendText(to, i.Status)
	}
	if i.Facts != nil {
		to = appendFacts(to, i)
	}
	return to
}

// appendFacts adds what mapping rules may read, the status among it.
func appendFacts(to []byte, i *inventory.Instance) []byte {
	f := i.Facts
	for _, text := range [...]string{f.Status, f.Zone, f.Subnet, f.ResourceGroup, f.Image, f.Charge} {
		to = appendText(to, text)
	}
	for _, at := range [...]time.Time{f.CreatedAt, f.ExpiresAt} {
		to = binary.AppendVarint(to, at.Unix())
	}
	unread := byte(0)
	if f.TagsUnread {
		unread = 1
	}
	to = binary.AppendUvarint(append(to, unread), uint64(f.Unread))
	to = binary.AppendUvarint(to, uint64(f.Elastic))
	to = binary.AppendUvarint(to, uint64(len(f.Groups)))
	for _, text := range f.Groups {
		to = appendText(to, text)
	}
	to = binary.AppendUvarint(to, uint64(len(f.Tags)))
	for _, t := range f.Tags {
		to = appendText(appendText(to, t.Key), t.Value)
	}
	return to
}

// isFingerprint reports whether a text has the form of a fingerprint, or is "".
func isFingerprint(text string) bool {
	digits, ok := strings.CutPrefix(text, hashPrefix)
	_, err := hex.DecodeString(digits)
	return text == "" || ok && len(digits) == 2*sha256.Size && err == nil
}
