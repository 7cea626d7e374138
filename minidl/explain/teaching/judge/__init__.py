"""`minidl judge`: exercises in backpropagation, and the judge of what a student writes."""
