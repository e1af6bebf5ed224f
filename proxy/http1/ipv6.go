package http1

// validIPv6 says whether a is an IPv6 address as RFC 3986 §3.2.2 has it between
// brackets, without a zone: 8 groups of 1 to 4 hexadecimal digits, of which "::"
// may replace one or more, and the last two may be an IPv4 address.
func validIPv6(a []byte) bool {
	const all = 8
	groups, gap := 0, false
	if len(a) >= 2 && a[0] == ':' && a[1] == ':' {
		a, gap = a[2:], true
	}
	for len(a) > 0 {
		n := 0
		for n < len(a) && byteClass[a[n]]&classHex != 0 {
			n++
		}
		if n < len(a) && a[n] == '.' {
			if !validIPv4(a) {
				return false
			}
			groups += 2
			break
		}
		if n == 0 || n > 4 {
			return false
		}
		groups++
		if a = a[n:]; len(a) == 0 {
			break
		}
		if len(a) == 1 || a[0] != ':' {
			return false
		}
		if a = a[1:]; a[0] == ':' {
			if gap {
				return false
			}
			a, gap = a[1:], true
		}
	}
	return groups == all && !gap || groups < all && gap
}

// validIPv4 says whether a is four numbers up to 255 without leading zeros.
func validIPv4(a []byte) bool {
	for part := 1; ; part++ {
		n := 0
		for n < len(a) && a[n] != '.' {
			n++
		}
		if v, ok := parseNumber(a[:n]); !ok || v > 255 || n > 1 && a[0] == '0' {
			return false
		}
		if n == len(a) {
			return part == 4
		}
		a = a[n+1:]
	}
}
