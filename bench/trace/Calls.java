/* SPDX-License-Identifier: MIT */
import com.sun.jdi.*;
import com.sun.jdi.connect.*;
import com.sun.jdi.event.*;
import com.sun.jdi.request.*;
import java.util.*;

/**
 * Runs a program and prints each call of a method of its own files: callee file and line,
 * is it a lambda, caller file and line. Arguments: main class, class path.
 */
public final class Calls {
	private static final String[] LIBRARIES = { "java.*", "javax.*", "jdk.*", "sun.*", "com.sun.*" };

	private static boolean isOwn(Location at)
	{
		String name = at.declaringType().name();

		for (String library : LIBRARIES)
			if (name.startsWith(library.substring(0, library.length() - 1)))
				return false;
		return at.lineNumber() > 0;
	}

	private static String place(Location at) throws AbsentInformationException
	{
		return at.sourcePath() + "\t" + at.lineNumber();
	}

	private static void entered(MethodEntryEvent e, Set<String> seen) throws Exception
	{
		List<StackFrame> frames = e.thread().frames();
		String name = e.method().name();

		if (!isOwn(e.location()) || e.method().isBridge() || name.equals("<clinit>"))
			return;
		/* what is made of an anonymous class has no constructor of its own */
		boolean isClosure = name.startsWith("lambda$") ||
			(name.equals("<init>") && e.method().declaringType().name().matches(".*\\$\\d+"));
		for (int i = 1; i < frames.size(); i++) {
			Location up = frames.get(i).location();
			String line = place(e.location()) + "\t" + (isClosure ? 1 : 0);

			if (!isOwn(up) || up.method().isBridge())
				continue;
			line = "CALL\t" + line + "\t" + place(up);
			if (seen.add(line))
				System.out.println(line);
			return;
		}
	}

	public static void main(String[] argv) throws Exception
	{
		LaunchingConnector c = Bootstrap.virtualMachineManager().defaultConnector();
		Map<String, Connector.Argument> args = c.defaultArguments();
		Set<String> seen = new HashSet<>();

		args.get("main").setValue(argv[0]);
		args.get("options").setValue("-cp " + argv[1]);
		VirtualMachine vm = c.launch(args);
		MethodEntryRequest all = vm.eventRequestManager().createMethodEntryRequest();
		for (String library : LIBRARIES)
			all.addClassExclusionFilter(library);
		all.enable();
		while (true) {
			EventSet set = vm.eventQueue().remove();
			for (Event e : set) {
				if (e instanceof MethodEntryEvent)
					entered((MethodEntryEvent)e, seen);
				if (e instanceof VMDisconnectEvent)
					return;
			}
			set.resume();
		}
	}
}
