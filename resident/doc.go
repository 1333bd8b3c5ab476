// Package resident lets residents in, who have no account: by an identity that a
// provider vouches for, or by a code of one case; and lets them share what is
// theirs. What a resident may see is the domain's to say (yinzheng.Case.BelongsTo).
package resident
