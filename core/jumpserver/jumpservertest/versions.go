package jumpservertest

import "slices"

// Version is a server's version.
type Version string

// The recorded versions.
const (
	V47    Version = "v4.7.0"
	V410   Version = "v4.10.16"
	V41019 Version = "v4.10.19"
)

// Versions returns the recorded versions, the oldest first.
func Versions() []Version { return []Version{V47, V410, V41019} }

// isSince reports whether v is the other version or a later one.
func (v Version) isSince(other Version) bool {
	return slices.Index(Versions(), v) >= slices.Index(Versions(), other)
}

// VersionMaxRequests stands for the number of requests that the version ships with.
const VersionMaxRequests = -1

// defaultMaxRequests returns how many requests of one user a server of this version accepts in a minute, as it is
// installed; 0 = any number.
func (v Version) defaultMaxRequests() int {
	return map[Version]int{V410: 180, V41019: 4096}[v]
}
