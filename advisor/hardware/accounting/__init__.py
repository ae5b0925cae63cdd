"""From readings to devices: the one place where free, reserve and usable memory are computed.

    card:           usable = free - reserve
    shared memory:  usable = own free + min(what it may borrow, RAM available - the RAM's reserve)
    RAM:            usable = available - reserve

What a load costs beside its buffers (the driver's context) is part of the plan and not subtracted here.
"""
