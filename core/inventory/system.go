package inventory

import "strings"

// System is the operating system of an instance, named as JumpServer's own platforms are.
type System string

// The systems.
const (
	Linux       System = "Linux"
	Windows     System = "Windows"
	OtherSystem System = "Other" // the cloud does not say
)

// System returns the operating system by what the cloud says, never by the host's name.
func (i Instance) System() System {
	osName := strings.ToLower(i.OSName)
	switch {
	case i.OSType == "windows", strings.Contains(osName, "windows"):
		return Windows
	case i.OSType == "linux", isLinuxName(osName):
		return Linux
	}
	return OtherSystem
}

func isLinuxName(osName string) bool {
	for _, name := range []string{
		"linux", "ubuntu", "debian", "centos", "red hat", "redhat", "rhel", "fedora", "suse",
		"anolis", "openanolis", "rocky", "kylin", "euler", "uos", "deepin", "gentoo", "coreos",
		"arch", "tencentos", "opencloudos",
	} {
		if strings.Contains(osName, name) {
			return true
		}
	}
	return false
}

// PrimaryAddress returns where the instance is reached: the private address of the primary interface, else the classic
// network's inner one, else a public one, else an IPv6 one; "" if it has none (yet). Lightweight servers are reached by
// their public address first, see Addresses.
func (i Instance) PrimaryAddress() string {
	if KindOfRegion(i.Region) != "" && len(i.PublicIPs) > 0 {
		return i.PublicIPs[0]
	}
	for _, some := range [...][]string{i.PrivateIPs, i.ClassicIPs, i.PublicIPs, i.IPv6s} {
		if len(some) > 0 {
			return some[0]
		}
	}
	return ""
}
