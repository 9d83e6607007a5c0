"""Setting right what was mis-entered at reception: on record, with what was before, and reckoned anew from there."""
