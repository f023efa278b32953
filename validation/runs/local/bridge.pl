# Runs in a network namespace of its own, beside makeflow, and lets this machine reach makeflow's port from outside.
#
# It inherits a socket (file 3) that listens in the namespace of its parent: a socket stays in the namespace in which it was made.
# What connects there is connected to the same port of this namespace. It prints a line when it is ready. It ends with its parent,
# which holds the other end of its standard input.
#
# It is Perl because each run starts it and all that workers send passes through it: Node.js needs three times the CPU time, and
# several times the memory. It uses only modules of perl-base, which every Debian has.

use strict;
use warnings;
use Errno qw(EAGAIN EINTR EINPROGRESS);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(AF_INET SOCK_DGRAM SOCK_STREAM SOCK_NONBLOCK SOL_SOCKET SO_ERROR IPPROTO_TCP TCP_NODELAY SHUT_WR INADDR_LOOPBACK
  pack_sockaddr_in unpack_sockaddr_in);

# Pause between two attempts to connect while makeflow does not listen yet, seconds.
use constant LOOK => 0.002;
# Bytes that are read at once.
use constant BLOCK => 65_536;
# From Linux: they switch an interface on.
use constant { SIOCSIFFLAGS => 0x8914, IFF_UP => 1 };

# The same as `ip link set lo up`, but not every machine has ip.
socket(my $any, AF_INET, SOCK_DGRAM, 0) or die "lo: $!\n";
ioctl($any, SIOCSIFFLAGS, my $up = pack('a16sx22', 'lo', IFF_UP)) or die "lo: $!\n";
close $any;
open(my $listener, '+<&=', 3) or die "the inherited socket: $!\n";
my ($port) = unpack_sockaddr_in(getsockname($listener));

# Our own connections must not begin at the port that makeflow is about to listen on. /proc/sys is read-only in some containers.
# Then one connection of 28,000 is in the way, and makeflow says so.
if (open(my $reserved, '>', '/proc/sys/net/ipv4/ip_local_reserved_ports')) {
    syswrite($reserved, $port);
    close $reserved;
}
$SIG{PIPE} = 'IGNORE';

# All by the number of a socket's file: the socket, its other side, what it has to send, whether it has sent all.
my (%socket, %other, %unsent, %ended);
# The outer sockets that wait for makeflow, and the inner ones that are being connected.
my (@waiting, %connecting);
# The bits of the files that select looks at.
my ($reading, $writing) = ('', '');
vec($reading, $_, 1) = 1 for 0, fileno $listener;

syswrite(STDOUT, "ready\n");
for (;;) {
    my $found = select(my $readable = $reading, my $writable = $writing, undef, @waiting ? LOOK : undef);
    next if $found < 0;
    exit if vec($readable, 0, 1);
    # Only after a pause, because also the failure of an attempt ends the wait. Not every system's select tells how much time was left.
    if ($found == 0) { reach($_) for splice @waiting }
    for my $file (keys %socket) {
        if (exists $socket{$file} && vec($writable, $file, 1)) { $connecting{$file} ? connected($file) : send_rest($file) }
        if (exists $socket{$file} && vec($readable, $file, 1)) { forward($file) }
    }
    take_in() if vec($readable, fileno $listener, 1);
}

# Accepts a connection from outside.
sub take_in {
    if (!accept(my $outside, $listener)) {
        # Another took it, or there are no files left: then a later attempt succeeds.
        select(undef, undef, undef, LOOK) if !$!{EAGAIN};
    }
    else {
        fcntl($outside, F_SETFL, O_NONBLOCK);
        setsockopt($outside, IPPROTO_TCP, TCP_NODELAY, 1);
        $socket{ fileno $outside } = $outside;
        reach(fileno $outside);
    }
}

# Connects to makeflow for one who has connected to us. Who comes before makeflow waits for it.
sub reach {
    my ($outside) = @_;
    if (!socket(my $inside, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) { push @waiting, $outside }
    elsif (!connect($inside, pack_sockaddr_in($port, INADDR_LOOPBACK)) && !$!{EINPROGRESS}) { push @waiting, $outside }
    else {
        my $file = fileno $inside;
        $socket{$file} = $inside;
        @other{ $file, $outside } = ($outside, $file);
        $connecting{$file} = vec($writing, $file, 1) = 1;
    }
}

# The attempt to connect has ended.
sub connected {
    my ($inside) = @_;
    my $outside = $other{$inside};
    delete $connecting{$inside};
    vec($writing, $inside, 1) = 0;
    if (unpack('i', getsockopt($socket{$inside}, SOL_SOCKET, SO_ERROR)) == 0) {
        setsockopt($socket{$inside}, IPPROTO_TCP, TCP_NODELAY, 1);
        vec($reading, $_, 1) = 1 for $inside, $outside;
    }
    else {
        forget($inside);
        push @waiting, $outside;
    }
}

# Passes on what a socket has received. Of a side that does not take it, no more is read.
sub forward {
    my ($from) = @_;
    my $to = $other{$from};
    my $count = sysread($socket{$from}, my $bytes, BLOCK);
    if (!defined $count) { hang_up($from) if !$!{EAGAIN} && !$!{EINTR} }
    elsif ($count == 0) {
        vec($reading, $from, 1) = 0;
        $ended{$from} = 1;
        if ($ended{$to}) { hang_up($from) }
        else { shutdown($socket{$to}, SHUT_WR) }
    }
    else {
        $unsent{$to} = $bytes;
        vec($reading, $from, 1) = 0;
        send_rest($to);
    }
}

sub send_rest {
    my ($to) = @_;
    my $count = syswrite($socket{$to}, $unsent{$to});
    if (defined $count) { substr($unsent{$to}, 0, $count, '') }
    elsif (!$!{EAGAIN} && !$!{EINTR}) { return hang_up($to) }
    my $rest = $unsent{$to} ne '';
    vec($writing, $to, 1) = $rest;
    vec($reading, $other{$to}, 1) = !$rest;
}

# Ends a connection on both sides.
sub hang_up {
    my ($file) = @_;
    forget($_) for $other{$file}, $file;
}

sub forget {
    my ($file) = @_;
    vec($_, $file, 1) = 0 for $reading, $writing;
    delete $_->{$file} for \%other, \%unsent, \%ended;
    close delete $socket{$file};
}
