package sender

import (
	"net/netip"
	"testing"
)

// TestOutward: what is dialled is a public address, or in a network that was named.
func TestOutward(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8:443": true, "[2400:3200::1]:443": true, "[::ffff:8.8.8.8]:443": true, "223.5.5.5:443": true,

		"127.0.0.1:443": false, "10.1.2.3:443": false, "172.16.0.1:443": false, "192.168.1.1:443": false, "169.254.169.254:80": false, "0.0.0.0:443": false, "100.64.0.1:443": false, "224.0.0.1:443": false, "255.255.255.255:443": false,
		"[::1]:443": false, "[::]:443": false, "[::ffff:127.0.0.1]:443": false, "[::ffff:10.1.2.3]:443": false, "[::127.0.0.1]:443": false, "[fe80::1%eth0]:443": false, "[fc00::1]:443": false, "[ff02::1]:443": false, "[fec0::1]:443": false,
		"[64:ff9b::a01:203]:443": false, "[2002:a01:203::1]:443": false, "[2001:0:a01:203::1]:443": false, "198.18.0.1:443": false, "240.0.0.1:443": false, "192.0.0.1:443": false, "no address": false,
	} {
		if err := outward(nil)(t.Context(), "tcp", address, nil); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
	named := outward([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32")})
	for address, allowed := range map[string]bool{"10.1.255.1:443": true, "[::ffff:10.1.0.1]:443": true, "[fd00:1::5]:443": true, "10.2.0.1:443": false, "[fd00:2::5]:443": false, "127.0.0.1:443": false, "8.8.8.8:443": true} {
		if err := named(t.Context(), "tcp", address, nil); (err == nil) != allowed {
			t.Errorf("%s with two networks: %v", address, err)
		}
	}
}
