package push

import (
	"errors"
	"net/netip"
	"testing"
)

func TestKunAdresserPaaInternettetErOffentlige(t *testing.T) {
	t.Parallel()
	for adresse, vil := range map[string]bool{
		"8.8.8.8":                   true,
		"100.63.255.255":            true,
		"100.128.0.1":               true,
		"172.15.255.255":            true,
		"172.32.0.1":                true,
		"2a01:4f8::1":               true,
		"2606:4700:4700::1111":      true,
		"::ffff:8.8.8.8":            true, // IPv4-mapped
		"64:ff9b::8.8.8.8":          true, // NAT64, where a network has no IPv4
		"2002:808:808::1":           true, // 6to4 of 8.8.8.8
		"2001:0:1::f7f7:f7f7":       true, // Teredo, client 8.8.8.8
		"0.0.0.0":                   false,
		"0.1.2.3":                   false,
		"::":                        false,
		"127.0.0.1":                 false,
		"127.255.255.254":           false,
		"::1":                       false,
		"10.0.0.1":                  false,
		"172.16.0.1":                false,
		"172.31.255.255":            false,
		"192.168.1.1":               false,
		"fc00::1":                   false,
		"fdff::1":                   false,
		"fec0::1":                   false, // site-local, old
		"100.64.0.1":                false, // shared by carriers
		"169.254.169.254":           false, // cloud metadata
		"fe80::1":                   false,
		"fe80::1%eth0":              false,
		"224.0.0.1":                 false,
		"239.255.255.255":           false,
		"ff02::1":                   false,
		"ff0e::1":                   false,
		"255.255.255.255":           false,
		"240.0.0.1":                 false,
		"192.0.0.1":                 false,
		"192.0.2.1":                 false,
		"198.18.0.1":                false,
		"198.51.100.1":              false,
		"203.0.113.1":               false,
		"192.88.99.1":               false,
		"2001:db8::1":               false,
		"3fff::1":                   false,
		"2001:2::1":                 false, // benchmarks
		"100::1":                    false, // discard only
		"5f00::1":                   false, // segment routing
		"4000::1":                   false, // not given out
		"::ffff:127.0.0.1":          false,
		"::ffff:10.0.0.1":           false,
		"::ffff:169.254.169.254":    false,
		"::127.0.0.1":               false, // IPv4-compatible
		"64:ff9b::127.0.0.1":        false,
		"64:ff9b::10.0.0.1":         false,
		"64:ff9b:1::8.8.8.8":        false, // NAT64 of a local network
		"2002:7f00:1::1":            false, // 6to4 of 127.0.0.1
		"2002:c0a8:101::1":          false, // of 192.168.1.1
		"2002:a9fe:a9fe::1":         false, // of 169.254.169.254
		"2001:0:808:808::80ff:fffe": false, // Teredo, client 127.0.0.1
		"2001:0:808:808::f5ff:fffe": false, // client 10.0.0.1
	} {
		if fik := offentlig(netip.MustParseAddr(adresse)); fik != vil {
			t.Errorf("%s: %v, want %v", adresse, fik, vil)
		}
	}
}

func TestVagtenSpoergesOmDenAdresseDerRingesTil(t *testing.T) {
	t.Parallel()
	net := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/64"), netip.MustParsePrefix("9.9.9.0/24")}
	for _, c := range []struct {
		adresse    string
		tls, klart bool
	}{
		{"8.8.8.8:443", true, false},
		{"9.9.9.9:80", true, true},
		{"10.1.2.3:8443", true, true},
		{"10.2.0.1:443", false, false},
		{"127.0.0.1:443", false, false},
		{"[fd00:1::5]:443", true, true},
		{"[fd00:1::5%eth0]:443", true, true},
		{"[fd00:2::5]:443", false, false},
		{"[::ffff:10.1.2.3]:443", true, true},    // is 10.1.2.3
		{"[64:ff9b::a01:203]:443", false, false}, // leads to 10.1.2.3 by a way nobody has allowed
		{"modtager.example:443", false, false},   // a name is no address: nothing has been looked up
		{"", false, false},
	} {
		for klar, vil := range map[bool]bool{false: c.tls, true: c.klart} {
			err := vagt{net: net, klar: klar}.kontrol(t.Context(), "tcp", c.adresse, nil)
			var s *spaerretFejl
			if (err == nil) != vil || err != nil && !errors.As(err, &s) {
				t.Errorf("%q, clear text %v: %v", c.adresse, klar, err)
			}
		}
	}
}
