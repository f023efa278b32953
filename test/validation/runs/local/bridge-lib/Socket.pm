die "a Socket.pm of another Perl\n";
