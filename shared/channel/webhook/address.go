package webhook

import "net/netip"

// inside are the networks that are nobody's on the open Internet, and so may be somebody's around the function: by the
// IANA special-purpose address registries (RFC 6890 and since), those that are not globally reachable, and multicast.
// Addresses of IPv6 are outside where they are global unicast, 2000::/3, and in none of these.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),        // this network
	netip.MustParsePrefix("10.0.0.0/8"),       // private
	netip.MustParsePrefix("100.64.0.0/10"),    // behind a carrier's address translation; metadata of some clouds
	netip.MustParsePrefix("127.0.0.0/8"),      // loopback
	netip.MustParsePrefix("168.63.129.16/32"), // a cloud's own, from within its machines
	netip.MustParsePrefix("169.254.0.0/16"),   // link-local; metadata and task credentials
	netip.MustParsePrefix("172.16.0.0/12"),    // private
	netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),     // documentation
	netip.MustParsePrefix("192.88.99.0/24"),   // relays of 6to4
	netip.MustParsePrefix("192.168.0.0/16"),   // private
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),  // documentation
	netip.MustParsePrefix("203.0.113.0/24"),   // documentation
	netip.MustParsePrefix("224.0.0.0/4"),      // multicast
	netip.MustParsePrefix("240.0.0.0/4"),      // reserved; broadcast

	netip.MustParsePrefix("2001::/23"),     // protocol assignments: Teredo, which holds an IPv4 address, and others
	netip.MustParsePrefix("2001:db8::/32"), // documentation
	netip.MustParsePrefix("2002::/16"),     // 6to4, which holds an IPv4 address
	netip.MustParsePrefix("3fff::/20"),     // documentation
}

var globalUnicast = netip.MustParsePrefix("2000::/3")

// Public reports whether an address is one on the open Internet. An IPv4 address that is mapped into IPv6 is what it is by
// itself.
func Public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if !a.Is4() && !globalUnicast.Contains(a) {
		return false
	}
	for _, network := range inside {
		if network.Contains(a) {
			return false
		}
	}
	return true
}
