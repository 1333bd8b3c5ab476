package sender

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// errInward is why no connection is made to an address of the operator's own network.
var errInward = errors.New("the address is no public one, and in no network that --sms-hook-allow names")

// special are the networks that are no public ones, beyond those that netip knows, or
// that lead to others (IANA's registries of special-purpose addresses).
var special = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		list[i] = netip.MustParsePrefix(t)
	}
	return list
}

// outward refuses every connection to what is no public address, unless the operator
// named its network. It is asked for the address that is dialled, after the name was
// resolved, so that no answer of a name server leads inward.
func outward(allow []netip.Prefix) func(ctx context.Context, network, address string, _ syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !public(to.Addr()) && !within(allow, to.Addr()) {
			return errInward
		}
		return nil
	}
}

func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.Zone() == "" && a.IsGlobalUnicast() && !a.IsPrivate() && !within(special, a)
}

func within(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}
