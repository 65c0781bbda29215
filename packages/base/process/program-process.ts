// How the program behaves as a process, whatever it declares; in this order, before anything else is loaded.
import "./no-environment-in-reports";
import "./end-with-engine";
import "./short-stack-traces";
import "./without-installer";
