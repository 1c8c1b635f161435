package webhook_test

import (
	"net/netip"
	"testing"

	"liuke/shared/channel/webhook"
)

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		// edges of each network, and the addresses next to them
		"0.0.0.0": false, "0.255.255.255": false, "1.0.0.0": true,
		"9.255.255.255": true, "10.0.0.0": false, "10.255.255.255": false, "11.0.0.0": true,
		"100.63.255.255": true, "100.64.0.0": false, "100.100.100.200": false, "100.127.255.255": false, "100.128.0.0": true,
		"126.255.255.255": true, "127.0.0.1": false, "127.255.255.255": false, "128.0.0.0": true,
		"168.63.129.16": false, "168.63.129.17": true,
		"169.253.255.255": true, "169.254.0.0": false, "169.254.169.254": false, "169.254.170.2": false, "169.255.0.0": true,
		"172.15.255.255": true, "172.16.0.0": false, "172.31.255.255": false, "172.32.0.0": true,
		"191.255.255.255": true, "192.0.0.192": false, "192.0.1.0": true, "192.0.2.1": false, "192.88.99.1": false,
		"192.167.255.255": true, "192.168.0.0": false, "192.168.255.255": false, "192.169.0.0": true,
		"198.17.255.255": true, "198.18.0.0": false, "198.19.255.255": false, "198.20.0.0": true, "198.51.100.7": false,
		"203.0.113.7": false, "223.255.255.255": true, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false,
		"255.255.255.255": false, "8.8.8.8": true,

		"::": false, "::1": false, "::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "100::1": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:10.1.2.3": false, "::ffff:8.8.8.8": true,
		"::ffff:0:127.0.0.1": false, "2001::1": false, "2001:1ff::1": false, "2001:200::1": true, "2001:db8::1": false,
		"2002:7f00:1::": false, "2002:808:808::": false, "2606:4700:4700::1111": true, "3fff::1": false, "3ffe::1": true,
		"4000::1": false, "5f00::1": false, "fc00::1": false, "fd00:ec2::254": false, "fe80::1": false,
		"fe80::1%eth0": false, "2606:4700:4700::1111%eth0": false, "fec0::1": false, "ff02::1": false, "ff0e::1": false,
	} {
		if got := webhook.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public %t", text, got)
		}
	}
	if webhook.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// FuzzPublic holds the table to what the standard library knows of addresses, and IPv4 to what it is mapped into IPv6.
func FuzzPublic(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "8.8.8.8", "::ffff:10.0.0.1", "fe80::1", "2606:4700::1", "ff02::1"} {
		a := netip.MustParseAddr(text)
		f.Add(a.AsSlice())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		plain := a.Unmap()
		public := webhook.Public(a)
		if public && (!plain.IsGlobalUnicast() || plain.IsPrivate() || plain.IsLoopback() || plain.IsLinkLocalUnicast() || plain.IsMulticast() || plain.IsUnspecified()) {
			t.Errorf("%s is public", a)
		}
		if plain.Is4() && public != webhook.Public(netip.AddrFrom16(plain.As16())) {
			t.Errorf("%s is not what it is mapped", a)
		}
	})
}
